import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { OpenApiDocument } from '#libs/openapi';
import { assertInDocument, type Exchange } from '../support/conformance.js';
import { adminToken, ConfigApiFixture } from './config-api.fixture.js';

const root = join(import.meta.dirname, '../..');

describe('the HTTP API tells of itself', () => {
  let api: ConfigApiFixture;

  beforeAll(async () => {
    api = await ConfigApiFixture.start();
  });

  afterAll(() => api.stop());

  it('as a document of the routes that it has, without a token', async () => {
    const committed = JSON.parse(readFileSync(join(root, 'docs/openapi.json'), 'utf8')) as OpenApiDocument;
    const served = await api.call<OpenApiDocument>(undefined, 'GET', '/api/v1/openapi.json');
    expect(served.status).toBe(200);
    const { '/api/v1/calls': onlyStandalone, ...paths } = committed.paths;
    expect(onlyStandalone).toBeDefined();
    expect(served.body.paths).toEqual(paths);
    expect(served.body.openapi).toMatch(/^3\.1\./);
  });

  it('with examples that can be sent as they are', async () => {
    const { body } = await api.call<OpenApiDocument>(undefined, 'GET', '/api/v1/openapi.json');
    const { token } = await api.createOrganization('Copies');
    const refused: unknown[] = [];
    for (const [path, operations] of Object.entries(body.paths)) {
      for (const [method, { requestBody }] of Object.entries(operations)) {
        const { example } = (requestBody?.content['application/json'] ?? {}) as { example?: unknown };
        if (example === undefined) continue;
        const by = path.startsWith('/admin/') ? adminToken : token;
        const at = path.replace('{provider}', 'openai').replaceAll(/\{\w+\}/g, randomUUID());
        const { status, text } = await api.call(by, method.toUpperCase(), at, { body: example });
        if (status === 400 || status === 403) refused.push([method, path, text]);
      }
    }
    expect(refused).toEqual([]);
  });

  it('with the headers of its webhooks, of which one is there only while two secrets count', async () => {
    const { body } = await api.call<OpenApiDocument>(undefined, 'GET', '/api/v1/openapi.json');
    for (const { post } of Object.values(body.webhooks)) {
      expect(post.parameters.map((header) => 'name' in header && [header.name, header.required])).toEqual([
        ['X-Webhook-Event', true],
        ['X-Webhook-Timestamp', true],
        ['X-Webhook-Signature', true],
        ['X-Webhook-Signature-Previous', false],
      ]);
    }
  });

  it('as a page that may load and run nothing', async () => {
    const page = await api.call(undefined, 'GET', '/docs');
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-/);
    expect(page.text).toContain('/api/v1/byok/keys/{provider}/rotate');
  });
});

describe('an answer that the document does not tell is noticed', () => {
  const good: Exchange = {
    method: 'GET',
    path: '/api/v1/byok?x=1',
    status: 200,
    headers: new Headers({ 'content-type': 'application/json', 'x-request-id': 'r' }),
    text: '{"byok_keys":{"openai_secret_id":null}}',
  };
  const counts = { 'x-ratelimit-limit': '9', 'x-ratelimit-remaining': '8', 'x-ratelimit-reset': '1795513260' };
  const withHeaders = (more: Record<string, string>): Headers =>
    new Headers({ ...Object.fromEntries(good.headers), ...more });
  const refusal = { error: 'e', message: 'm', code: 'not_found', type: 'not_found', request_id: 'r' };

  it('but not one that it tells', () => {
    expect(() => assertInDocument(good)).not.toThrow();
    expect(() => assertInDocument({ ...good, status: 404, text: JSON.stringify(refusal) })).not.toThrow();
    expect(() => assertInDocument({ ...good, headers: withHeaders(counts), isCounted: true })).not.toThrow();
  });

  it.each<[string, Partial<Exchange>, RegExp]>([
    ['a field more', { text: '{"byok_keys":{},"more":1}' }, /additional properties/],
    ['a field less', { text: '{}' }, /required property 'byok_keys'/],
    ['a value of another kind', { text: '{"byok_keys":{"openai_secret_id":"sk-1"}}' }, /format "uuid"/],
    ['an unknown code', { status: 404, text: JSON.stringify({ ...refusal, code: 'gone' }) }, /allowed values/],
    ['an unknown status', { status: 418, text: JSON.stringify(refusal) }, /does not have this status/],
    ['an unknown route', { path: '/api/v1/nothing' }, /no such route/],
    ['a method that it does not have', { method: 'PUT' }, /no such route/],
    [
      'another content type',
      { headers: new Headers({ 'content-type': 'text/html', 'x-request-id': 'r' }) },
      /content type/,
    ],
    ['no request id', { headers: new Headers({ 'content-type': 'application/json' }) }, /X-Request-Id is missing/],
    ['no count of a token that is counted', { isCounted: true }, /X-RateLimit-Limit, .* is missing/],
    ['half of a count', { headers: withHeaders({ 'x-ratelimit-limit': '9' }) }, /X-RateLimit-Reset is missing/],
    [
      'a count where none is kept',
      { path: '/admin/v1/organizations', headers: withHeaders(counts) },
      /does not tell of the header X-RateLimit-Limit/,
    ],
    [
      'a refusal that does not say how to be let in',
      { status: 401, text: JSON.stringify(refusal) },
      /WWW-Authenticate is missing/,
    ],
  ])('%s', (_, difference, problem) => {
    expect(() => assertInDocument({ ...good, ...difference })).toThrow(problem);
  });
});
