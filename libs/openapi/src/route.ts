import { RequestMethod, type Type } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA, ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import type { z } from 'zod';
import { declaredAnswersOf, type DeclaredAnswer } from './answers.js';

/** One way to call a handler, as Nest's decorators declare it. */
export interface Route {
  /** In small letters. */
  method: string;
  /** With parameters as OpenAPI writes them: `/api/v1/byok/keys/{provider}/revoke`. */
  path: string;
  controller: Type;
  handler: object;
  handlerName: string;
  /** Names of the parameters in the path, in its order. */
  pathParameters: string[];
  bodySchema?: z.ZodType;
  /** Of the whole query (an object), or of single parameters by their names. */
  querySchema?: z.ZodObject;
  queryParameters: Record<string, z.ZodType | undefined>;
  answers: DeclaredAnswer[];
}

/** Every route of some controllers, one for each path that a controller or handler has; ordered by path, then method. */
export function routesOf(controllers: readonly Type[]): Route[] {
  return controllers
    .flatMap((controller) => handlerNames(controller).flatMap((name) => routesOfHandler(controller, name)))
    .sort((a, b) => compare(a.path, b.path) || methods.indexOf(a.method) - methods.indexOf(b.method));
}

const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch'];

function handlerNames(controller: Type): string[] {
  const prototype = controller.prototype as Record<string, unknown>;
  return Object.getOwnPropertyNames(prototype).filter(
    (name) => name !== 'constructor' && Reflect.hasMetadata(METHOD_METADATA, prototype[name] as object),
  );
}

function routesOfHandler(controller: Type, handlerName: string): Route[] {
  const handler = (controller.prototype as Record<string, object>)[handlerName]!;
  const method = RequestMethod[Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod].toLowerCase();
  const given = parametersOf(controller, handlerName);
  const answers = declaredAnswersOf(handler);
  return pathsOf(controller).flatMap((prefix) =>
    pathsOf(handler).map((suffix) => {
      const path = `/${[prefix, suffix].join('/').split('/').filter(Boolean).join('/')}`.replaceAll(/:(\w+)/g, '{$1}');
      const pathParameters = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
      return { method, path, controller, handler, handlerName, pathParameters, answers, ...given };
    }),
  );
}

function pathsOf(target: object): string[] {
  return [Reflect.getMetadata(PATH_METADATA, target) as string | string[]].flat();
}

/** What Nest notes of a parameter of a handler. */
interface ParameterNote {
  data?: string;
  schema?: z.ZodType;
}

function parametersOf(
  controller: Type,
  handlerName: string,
): Pick<Route, 'bodySchema' | 'querySchema' | 'queryParameters'> {
  const notes = Object.entries(
    (Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, handlerName) ?? {}) as Record<string, ParameterNote>,
  );
  const ofKind = (kind: RouteParamtypes): ParameterNote[] =>
    notes.filter(([key]) => key.startsWith(`${kind}:`)).map(([, note]) => note);
  const bodySchema = ofKind(RouteParamtypes.BODY).find((note) => note.schema)?.schema;
  const queries = ofKind(RouteParamtypes.QUERY);
  const querySchema = queries.find((note) => !note.data && note.schema)?.schema as z.ZodObject | undefined;
  return {
    ...(bodySchema && { bodySchema }),
    ...(querySchema && { querySchema }),
    queryParameters: Object.fromEntries(queries.flatMap(({ data, schema }) => (data ? [[data, schema]] : []))),
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
