import { Controller, Get, Header, Req, type Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { Answers, openApiDocument, type OpenApiDocument } from '#libs/openapi';
import type { HttpRequest } from '../http/http-exchange.js';
import { apiDescription } from './api-description.js';
import { originMark } from './curl-example.js';
import { docsPageOf, docsPagePolicy } from './docs-page.js';
import { docsPageSchema, openApiDocumentSchema } from './openapi.schema.js';

/** The HTTP API of this process, for programs and for people; made from the routes that it really has. */
@Controller()
export class OpenApiController {
  private document: OpenApiDocument | undefined;
  private page: string | undefined;

  constructor(private readonly modules: ModulesContainer) {}

  @Get('api/v1/openapi.json')
  @Answers(200, openApiDocumentSchema, { summary: 'This document' })
  read(): OpenApiDocument {
    this.document ??= openApiDocument(this.controllers(), apiDescription);
    return this.document;
  }

  @Get('docs')
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('content-security-policy', docsPagePolicy)
  @Answers(200, docsPageSchema, { summary: 'This document as a page to read', mediaType: 'text/html' })
  readPage(@Req() request: HttpRequest): string {
    this.page ??= docsPageOf(this.read());
    return this.page.replaceAll(originMark, originOf(request));
  }

  private controllers(): Type[] {
    const wrappers = [...this.modules.values()].flatMap((module) => [...module.controllers.values()]);
    return wrappers.map((wrapper) => wrapper.metatype as Type);
  }
}

/** Where the request has reached us, as far as it says so in plain words. */
function originOf({ protocol, host }: HttpRequest): string {
  const isPlain = /^([\w.-]+|\[[\da-f:.]+\])(:\d{1,5})?$/i.test(host);
  return `${protocol}://${isPlain ? host : '127.0.0.1:8080'}`;
}
