import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FakeAnswer, FakeApi, FakeVoice } from './fake-api.js';
import { fakeApis } from './fake-apis.js';
import { stateNamedIn, type KeyState } from './key-state.js';

export interface FakeProviderOptions {
  /** Default: any free one. */
  port?: number;
  /** What becomes of a key nobody has set: the state that it names (`named`, the default), or `invalid`. */
  unknownKeys?: 'named' | 'invalid';
}

const voicesOfEverybody: readonly FakeVoice[] = ['Anna', 'Ben', 'Clara', 'David', 'Emma'].map((name, index) => ({
  id: `fake-voice-${index + 1}`,
  name,
}));

const retryAfterSeconds = 7;
const slowMs = 15_000;
const hugeBytes = 12 * 1024 * 1024;

/** Plays the APIs of all providers on loopback, each below the path of its slot: `/openai/v1/models`. */
export class FakeProviderServer {
  private readonly states = new Map<string, KeyState>();
  private readonly libraries = new Map<string, readonly FakeVoice[]>();
  private readonly seen = new Map<string, string[]>();
  private readonly timers = new Set<NodeJS.Timeout>();

  private constructor(
    private readonly server: Server,
    private readonly unknownKeys: 'named' | 'invalid',
  ) {}

  /** Listens on 127.0.0.1 when the promise resolves. */
  static async start({ port = 0, unknownKeys = 'named' }: FakeProviderOptions = {}): Promise<FakeProviderServer> {
    const server = createServer();
    const fake = new FakeProviderServer(server, unknownKeys);
    server.on('request', (request, response) => fake.answer(request, response));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(port, '127.0.0.1', resolve);
    });
    return fake;
  }

  /** To be used as one base URL for all providers. */
  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** From now on the provider takes this key. */
  accept(provider: string, apiKey: string): void {
    this.set(provider, apiKey, 'valid');
  }

  /** From now on the provider treats this key so, whatever it names. */
  set(provider: string, apiKey: string, state: KeyState): void {
    this.states.set(idOf(provider, apiKey), state);
  }

  /** What the account of this key has in its voice library; a few voices unless set. */
  setVoices(provider: string, apiKey: string, voices: readonly FakeVoice[]): void {
    this.libraries.set(idOf(provider, apiKey), voices);
  }

  /** Every request made with this key so far, as `METHOD /path?query`. */
  requestsWith(provider: string, apiKey: string): readonly string[] {
    return this.seen.get(idOf(provider, apiKey)) ?? [];
  }

  /** The HTTP status with which the provider answers a request made with this key. */
  async ask(provider: string, apiKey: string): Promise<number> {
    const api = fakeApis.get(provider);
    if (!api) throw new Error(`nobody plays ${provider}`);
    const answer = await fetch(`${this.url}/${provider}${api.checkPath}`, {
      headers: api.headersOf(apiKey),
      redirect: 'manual',
    });
    await answer.body?.cancel();
    return answer.status;
  }

  async close(): Promise<void> {
    for (const timer of this.timers) clearTimeout(timer);
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    request.resume();
    const { pathname, search, searchParams } = new URL(request.url ?? '/', 'http://fake');
    const [, provider = '', ...rest] = pathname.split('/');
    const path = `/${rest.join('/')}`;
    const api = fakeApis.get(provider);
    if (!api) return send(response, { status: 404, body: { error: 'no such provider' } });
    const apiKey = api.keyOf(request.headers);
    if (apiKey === undefined) return send(response, api.invalid);
    const id = idOf(provider, apiKey);
    this.seen.set(id, [...(this.seen.get(id) ?? []), `${request.method} ${path}${search}`]);
    const state = this.states.get(id) ?? (this.unknownKeys === 'named' ? stateNamedIn(apiKey) : 'invalid');
    const usual = (): FakeAnswer => {
      const route = api.routes[`${request.method} ${path}`];
      const voices = this.libraries.get(id) ?? voicesOfEverybody;
      return route?.({ state, query: searchParams, voices }) ?? { status: 404, body: { detail: 'Not Found' } };
    };
    return this.play(response, state, { api, usual });
  }

  private play(
    response: ServerResponse,
    state: KeyState,
    { api, usual }: { api: FakeApi; usual: () => FakeAnswer },
  ): void {
    switch (state) {
      case 'valid':
      case 'limited':
        return send(response, usual());
      case 'invalid':
        return send(response, api.invalid);
      case 'blocked':
        return send(response, api.blocked ?? api.invalid);
      case 'out_of_credit':
        return send(response, api.outOfCredit ?? { status: 402, body: { message: 'Payment Required' } });
      case 'rate_limited': {
        const headers = { 'retry-after': String(retryAfterSeconds) };
        return send(response, { status: 429, body: { message: 'Too many requests' }, headers });
      }
      case 'slow':
        return this.later(() => send(response, usual()));
      case 'broken_json':
        return void response.writeHead(200, { 'content-type': 'application/json' }).end('{"data": [');
      case 'redirect':
        return void response.writeHead(302, { location: `${this.url}/elsewhere` }).end();
      case 'huge':
        return send(response, { status: 200, body: { data: 'x'.repeat(hugeBytes) } });
    }
  }

  private later(work: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      work();
    }, slowMs);
    this.timers.add(timer);
  }
}

function idOf(provider: string, apiKey: string): string {
  return `${provider} ${apiKey}`;
}

function send(response: ServerResponse, { status, body, headers }: FakeAnswer): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}
