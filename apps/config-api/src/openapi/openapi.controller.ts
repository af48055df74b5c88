import { Controller, Get, Header, type Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { Answers, openApiDocument, type OpenApiDocument } from '#libs/openapi';
import { apiDescription } from './api-description.js';
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
  readPage(): string {
    this.page ??= docsPageOf(this.read());
    return this.page;
  }

  private controllers(): Type[] {
    const wrappers = [...this.modules.values()].flatMap((module) => [...module.controllers.values()]);
    return wrappers.map((wrapper) => wrapper.metatype as Type);
  }
}
