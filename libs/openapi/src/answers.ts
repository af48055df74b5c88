import { applyDecorators, HttpCode, SetMetadata } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { z } from 'zod';

/** What the document says of one answer of a route, besides its status and body. */
export interface AnswerNotes {
  /** The route in a few words; said once, at the answer of success. */
  summary?: string;
  /** What the summary leaves open, as Markdown. */
  description?: string;
  /**
   * Refusals that do not follow from the route's shape: statuses such as 404, or codes such as `key_rejected`, which the
   * document then tells of the routes that name them only.
   */
  errors?: readonly (number | string)[];
  /** The security scheme of a route that is for none of the usual callers; Fastify's route has it as `config.token`. */
  token?: string;
  /** The route takes `If-Match` with the epoch of the slot. */
  ifMatch?: boolean;
  /** Media type of a body that is not JSON; `schema` then describes its text. */
  mediaType?: string;
}

/** One answer of a route as its decorator declares it. */
export interface DeclaredAnswer extends AnswerNotes {
  status: number;
  schema: z.ZodType;
}

type Handler<S extends z.ZodType> = (...given: never[]) => z.output<S> | Promise<z.output<S>>;

const answersKey = 'latchkey:answers';

/**
 * Declares what a handler answers: the status (which it also sets) and the Zod schema of the body, which the compiler
 * compares with what the handler returns. Several of them declare several statuses; the topmost sets the status.
 */
export function Answers<S extends z.ZodType>(status: number, schema: S, notes: AnswerNotes = {}) {
  return <T extends Handler<S>>(target: object, name: string, descriptor: TypedPropertyDescriptor<T>): void => {
    const declared = declaredAnswersOf(descriptor.value);
    const answers: DeclaredAnswer[] = [{ status, schema, ...notes }, ...declared];
    const { token } = notes;
    applyDecorators(
      SetMetadata(answersKey, answers),
      HttpCode(status),
      ...(token === undefined ? [] : [RouteConfig({ token })]),
    )(target, name, descriptor);
  };
}

/** The answers that a handler declares, in the order in which they are written. */
export function declaredAnswersOf(handler: object | undefined): DeclaredAnswer[] {
  return (handler && (Reflect.getMetadata(answersKey, handler) as DeclaredAnswer[] | undefined)) ?? [];
}
