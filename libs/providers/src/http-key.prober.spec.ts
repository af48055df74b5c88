import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Catalogue } from '#libs/catalogue';
import { SecretBytes } from '#libs/crypto';
import { HttpKeyProber } from './http-key.prober.js';
import type { KeyVerdict } from './key-verdict.js';
import { OutboundClient } from './outbound.client.js';

const catalogue = Catalogue.load();
const timeoutMs = 400;
let server: Server | undefined;

afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  server = undefined;
});

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener);
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function ask(slot: string, listener: RequestListener): Promise<KeyVerdict> {
  const url = await serve(listener);
  const client = new OutboundClient({ privateAddresses: true });
  const prober = new HttpKeyProber(catalogue, client, { baseUrls: () => url, timeoutMs });
  return prober.probe(slot, SecretBytes.fromUtf8('some-key'));
}

const answering =
  (status: number, body: unknown, headers: Record<string, string> = {}): RequestListener =>
  (_, response) =>
    response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));

describe('a probe', () => {
  it('takes no longer than its time with component probes that never answer, which cost only what they would tell', async () => {
    const started = performance.now();
    const found = await ask('elevenlabs', (request, response) => {
      if (request.method === 'GET') response.end('{}');
    });
    expect(found).toMatchObject({ verdict: 'valid', capabilities: { stt: 'unknown', tts: 'unknown' } });
    expect(performance.now() - started).toBeLessThan(5 * timeoutMs);
  });

  it('asks for everything of one key on the addresses of one look-up', async () => {
    let lookups = 0;
    const client = new OutboundClient({
      lookup: async () => {
        lookups += 1;
        return [{ address: '10.0.0.1', family: 4 }];
      },
    });
    const found = await new HttpKeyProber(catalogue, client).probe('openai', SecretBytes.fromUtf8('sk-1'));
    expect({ lookups, verdict: found.verdict }).toEqual({ lookups: 1, verdict: 'unreachable' });
  });

  it('goes to the host of the region that the slot is set to', async () => {
    const hosts: string[] = [];
    const client = new OutboundClient({
      lookup: (hostname) => {
        hosts.push(hostname);
        return Promise.reject(new Error('no network here'));
      },
    });
    const prober = new HttpKeyProber(catalogue, client);
    for (const region of [undefined, 'eu', 'nowhere']) {
      await prober.probe('elevenlabs', SecretBytes.fromUtf8('k'), { region });
    }
    expect(hosts).toEqual(['api.elevenlabs.io', 'api.eu.residency.elevenlabs.io', 'api.elevenlabs.io']);
  });

  it('of a provider that only the data of a catalogue knows follows that data', async () => {
    const acme = {
      id: 'acme',
      name: 'Acme',
      category: 'tts',
      docsUrl: 'https://acme.example/docs',
      api: {
        base_url: 'https://api.acme.example',
        auth: { header: 'x-acme', template: 'Key {key}!' },
        probe: {
          request: { method: 'POST', path: '/who?am=i', body: { ping: 1 } },
          rules: [{ status: [418], where: { at: '/tea/0', is: ['green'] }, verdict: 'blocked', detail: 'No tea.' }],
        },
      },
    };
    const { slots, offerings } = catalogue;
    const offering = { component: 'tts', provider: 'acme', name: 'Acme', slot: 'acme', models: [] };
    const extended = Catalogue.parse({ slots: [...slots, acme], offerings: [...offerings, offering] });
    const asked: unknown[] = [];
    const url = await serve((request, response) => {
      asked.push(`${request.method} ${request.url}`, request.headers['x-acme']);
      response.writeHead(418).end('{"tea": ["green"]}');
    });
    const client = new OutboundClient({ privateAddresses: true });
    const prober = new HttpKeyProber(extended, client, { baseUrls: () => url });
    expect(await prober.probe('acme', SecretBytes.fromUtf8('k$&1'))).toEqual({
      verdict: 'blocked',
      capabilities: { tts: 'missing' },
      detail: 'No tea.',
    });
    expect(asked).toEqual(['POST /who?am=i', 'Key k$&1!']);
  });

  it('of a slot that the catalogue tells nothing about is unverified', async () => {
    const found = await new HttpKeyProber(catalogue, new OutboundClient()).probe('acme', SecretBytes.fromUtf8('k'));
    expect(found).toMatchObject({ verdict: 'unverified', capabilities: {} });
  });
});

describe('what a provider lets a key do', () => {
  const everything = { stt: 'ok', postcall_stt: 'ok' };
  const chatOnly = { llm: 'ok', tts: 'unknown', postcall_llm: 'ok' };

  it.each<[string, unknown, string, object]>([
    ...['usage:write', 'usage::write', 'usage', 'listen', 'member', 'admin', 'owner'].map(
      (scope): [string, unknown, string, object] => ['deepgram', { scopes: [scope] }, 'valid', everything],
    ),
    ['deepgram', { scopes: ['usage:read'] }, 'limited', { stt: 'missing', postcall_stt: 'missing' }],
    ['deepgram', {}, 'valid', { stt: 'unknown', postcall_stt: 'unknown' }],
    ['xai', { acls: ['api-key:endpoint:*'] }, 'valid', { llm: 'ok', tts: 'ok', postcall_llm: 'ok' }],
    ['xai', { acls: ['api-key:endpoint:chat', 'api-key:model:*'] }, 'valid', chatOnly],
  ])('is read by %s from %j: %s', async (slot, body, verdict, capabilities) => {
    expect(await ask(slot, answering(200, body))).toMatchObject({ verdict, capabilities });
  });
});

describe('an answer that is easily misread', () => {
  it.each<[string, number, unknown, string]>([
    ['openai: 401 of a restricted key without a code', 401, missingScopes(null), 'limited'],
    ['openai: 403 of a restricted key', 403, missingScopes('missing_scope'), 'limited'],
    [
      'openai: 401 from an address that the key does not allow',
      401,
      { error: { code: 'ip_not_authorized' } },
      'unverified',
    ],
    ['openai: 401 in HTML, from something in between', 401, '<h1>Unauthorized</h1>', 'unverified'],
    ['openai: 403 of a country', 403, { error: { code: 'unsupported_country_region_territory' } }, 'unverified'],
    ['resend: 403 of a valid key', 403, { name: 'validation_error' }, 'unverified'],
    ['resend: 401 without a key', 401, { name: 'missing_api_key' }, 'unverified'],
    ['xai: 400', 400, { error: 'Incorrect API key provided' }, 'invalid'],
    ['xai: 200 of a disabled key', 200, { api_key_disabled: true, acls: ['api-key:endpoint:*'] }, 'blocked'],
    ['xai: 200 of a blocked team', 200, { team_blocked: true, acls: ['api-key:endpoint:*'] }, 'blocked'],
    ['xai: 200 of a key without any ACL', 200, { acls: [] }, 'limited'],
    ['elevenlabs: 401 of unusual activity', 401, { detail: { status: 'detected_unusual_activity' } }, 'unverified'],
    ['deepgram: 401 of something else', 401, { err_code: 'OTHER' }, 'unverified'],
    ['deepgram: 403', 403, { err_code: 'INSUFFICIENT_PERMISSIONS' }, 'limited'],
    ['mistral: 401 that does not name the key', 401, { detail: 'Unauthorized' }, 'unverified'],
    ['google: 400 of a bad request', 400, { error: { status: 'INVALID_ARGUMENT' } }, 'unverified'],
    ['google: 400 of a bad key', 400, { error: { details: [{ reason: 'API_KEY_INVALID' }] } }, 'invalid'],
    [
      'google_vertex: 401 for lack of OAuth',
      401,
      { error: { message: 'API keys are not supported by this API.' } },
      'unverified',
    ],
    ['mistral: any 402', 402, 'pay', 'out_of_credit'],
    ['openai: any 429 for lack of credit', 429, { error: { code: 'insufficient_quota' } }, 'out_of_credit'],
    ['openai: any 429', 429, 'slow down', 'rate_limited'],
    ['openai: any 500', 500, { error: 'invalid api key' }, 'unreachable'],
    ['resend: any 503 in HTML', 503, '<h1>away</h1>', 'unreachable'],
    ['gladia: any 404', 404, { message: 'Not Found' }, 'unverified'],
    ['mistral: any 200 in HTML, as from a portal', 200, '<h1>Please log in</h1>', 'unverified'],
    ['mistral: any 200 that is only a word', 200, '"ok"', 'unverified'],
  ])('%s', async (name, status, body, verdict) => {
    expect((await ask(name.split(':')[0]!, answering(status, body))).verdict).toBe(verdict);
  });

  it.each([
    ['12', 12],
    ['999999999', 86_400],
    [new Date(Date.now() + 30_000).toUTCString(), expect.closeTo(30, -1)],
    ['soon', undefined],
    ['-5', undefined],
  ])('Retry-After: %s', async (header, seconds) => {
    const found = await ask('resend', answering(429, '{}', { 'retry-after': header }));
    expect(found.retryAfterSeconds).toEqual(seconds);
  });

  it('names no permission that is not one', async () => {
    const message = 'Missing scopes: <b>, sk-secret something; api.model.read';
    const found = await ask('openai', answering(401, { error: { message } }));
    expect(found.missingPermissions).toEqual([]);
  });

  it('names no key, whatever the provider calls a permission', async () => {
    const message = 'Missing scopes: some-key, constructor, api.model.read, x:some-key';
    const found = await ask('openai', answering(401, { error: { message } }));
    expect(found).toMatchObject({ verdict: 'limited', missingPermissions: ['constructor', 'api.model.read'] });
  });
});

function missingScopes(code: string | null): object {
  const message =
    'You have insufficient permissions for this operation. Missing scopes: api.model.read. Check your role.';
  return { error: { message, code } };
}
