import { z } from 'zod';

const parts = z.record(z.string(), z.unknown());

/** What our OpenAPI document has at its top. */
export const openApiDocumentSchema = z.object({
  openapi: z.string().meta({ examples: ['3.1.1'] }),
  info: parts,
  servers: z.array(parts),
  tags: z.array(parts),
  paths: parts,
  webhooks: parts,
  components: parts,
});

/** The text of a page. */
export const docsPageSchema = z.string().meta({ examples: ['<!doctype html>…'] });
