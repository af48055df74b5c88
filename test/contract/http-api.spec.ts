import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Deployment } from '../support/deployment.js';

jest.setTimeout(60_000);

/** One request as an existing client sends it, and the answer it gets; test/contract/http explains itself. */
interface Pair {
  it: string;
  /** `token`: `admin` for the operator's, null for none; the organization's own otherwise. */
  request: { method: string; path: string; body?: unknown; raw?: string; token?: 'admin' | null };
  /** `body` is the whole answer, `contains` a part of it. */
  answer: { status: number; body?: unknown; contains?: unknown };
  /** Parts of the answer that later pairs name as `<name>`. */
  remember?: Record<string, string>;
  /** Parts of the answer that must not be what was remembered under a name. */
  differs?: Record<string, string>;
}

const folder = new URL('./http/', import.meta.url);

/** What `<name>` in an expected answer stands for. */
const placeholders: Record<string, unknown> = {
  '<uuid>': expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
  '<text>': expect.stringMatching(/./),
  '<time>': expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
  '<url>': expect.stringMatching(/^https:\/\//),
  '<token>': expect.stringMatching(/^lk_live_[A-Za-z0-9-]+_[A-Za-z0-9_-]{43}$/),
};

describe('the HTTP contract, request by request', () => {
  let deployment: Deployment;
  const tokens: Record<string, string> = {};

  beforeAll(async () => {
    deployment = await Deployment.start({ resolvers: 0 });
  });
  afterAll(() => deployment.stop());

  const send = async ({ method, path, body, raw, token }: Pair['request'], own: string) => {
    const bearer = token === 'admin' ? deployment.adminToken : own;
    const sent = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    const answer = await fetch(deployment.configApis[0]!.url + path, {
      method,
      headers: {
        ...(token !== null && { authorization: `Bearer ${bearer}` }),
        ...(sent !== undefined && { 'content-type': 'application/json' }),
      },
      ...(sent !== undefined && { body: sent }),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };

  describe.each(readdirSync(folder).map((file) => file.replace('.json', '')))('%s', (name) => {
    const pairs = JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as Pair[];
    const remembered: Record<string, unknown> = {};

    beforeAll(async () => {
      const request = {
        method: 'POST',
        path: '/api/v1/organizations',
        body: { name: 'Golden' },
        token: 'admin' as const,
      };
      tokens[name] = (await send(request, '')).body['api_key'] as string;
    });

    it.each(pairs)('$it', async ({ request, answer, remember = {}, differs = {} }) => {
      const filled = fill(request, { ...remembered, key: `test-${randomUUID()}` }) as Pair['request'];
      const { status, body } = await send(filled, tokens[name]!);
      expect({ status, body }).toMatchObject({ status: answer.status });
      const known = { ...remembered };
      if (answer.body !== undefined) expect(body).toEqual(expected(answer.body, known));
      if (answer.contains !== undefined) expect(body).toEqual(containing(expected(answer.contains, known)));
      for (const [path, other] of Object.entries(differs)) expect(at(body, path)).not.toEqual(remembered[other]);
      for (const [key, path] of Object.entries(remember)) remembered[key] = at(body, path);
    });
  });
});

/** The request with `<name>` replaced, inside of texts too. */
function fill(value: unknown, values: Record<string, unknown>): unknown {
  return JSON.parse(
    JSON.stringify(value).replace(/<(\w+)>/g, (whole, name: string) => (name in values ? String(values[name]) : whole)),
  );
}

/** The expected answer with matchers and remembered values in the place of `<name>`. */
function expected(value: unknown, remembered: Record<string, unknown>): unknown {
  if (typeof value === 'string') return placeholders[value] ?? remembered[value.slice(1, -1)] ?? value;
  if (Array.isArray(value)) return value.map((each) => expected(each, remembered));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, expected(each, remembered)]));
}

/** Matches what has at least these properties and list entries. */
function containing(value: unknown): unknown {
  if (Array.isArray(value)) return expect.arrayContaining(value.map(containing));
  const isPlain = typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
  if (!isPlain) return value;
  return expect.objectContaining(
    Object.fromEntries(Object.entries(value).map(([name, each]) => [name, containing(each)])),
  );
}

function at(body: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((inner, name) => (inner as Record<string, unknown> | undefined)?.[name], body);
}
