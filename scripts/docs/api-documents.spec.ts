import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import asyncApiSpecs from '@asyncapi/specs';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { topics } from '#libs/contracts';
import { projectRoot } from '../stack/stack-directory.js';
import { apiDocuments } from './api-documents.js';

const committed = (path: string): string => readFileSync(join(projectRoot, path), 'utf8');

describe.each(apiDocuments)('$path', ({ path, make }) => {
  it('is what the code says (npm run docs:update writes it)', () => {
    expect(parse(committed(path))).toEqual(JSON.parse(JSON.stringify(make())));
  });

  it('has nothing that the linter objects to', async () => {
    const config = await createConfig({
      extends: ['recommended'],
      rules: {
        'info-license': 'off',
        'no-server-example.com': 'off',
        // The broker's security is the deployment's.
        'security-defined': path.includes('asyncapi') ? 'off' : 'error',
        'operation-4xx-response': 'off',
        'no-invalid-media-type-examples': 'error',
        'no-invalid-schema-examples': 'error',
      },
    });
    const problems = await lintFromString({ source: committed(path), absoluteRef: join(projectRoot, path), config });
    expect(problems.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer])).toEqual([]);
  });
});

describe('docs/asyncapi.yaml', () => {
  const document = parse(committed('docs/asyncapi.yaml')) as { channels: object };

  it('has the form that AsyncAPI 3.0.0 prescribes', () => {
    const ajv = new Ajv({ strict: false, validateFormats: false, meta: false, validateSchema: false });
    const isValid = ajv.compile(asyncApiSpecs.schemas['3.0.0']);
    expect({ isValid: isValid(document), errors: isValid.errors }).toEqual({ isValid: true, errors: null });
  });

  it('has a channel for every topic and no other', () => {
    expect(Object.keys(document.channels).sort()).toEqual(Object.values(topics).toSorted());
  });
});
