import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How one provider is asked whether it accepts a key. */
interface Endpoint {
  path: string;
  /** The key out of the request's headers. */
  keyOf(headers: IncomingMessage['headers']): string | undefined;
}

const afterWord = (header: string | undefined, word: string): string | undefined =>
  header?.startsWith(`${word} `) ? header.slice(word.length + 1) : undefined;

const endpoints: Record<string, Endpoint> = {
  deepgram: { path: '/v1/auth/token', keyOf: (headers) => afterWord(headers.authorization, 'Token') },
  openai: { path: '/v1/models', keyOf: (headers) => afterWord(headers.authorization, 'Bearer') },
  elevenlabs: { path: '/v1/user', keyOf: (headers) => headers['xi-api-key']?.toString() },
  resend: { path: '/domains', keyOf: (headers) => afterWord(headers.authorization, 'Bearer') },
};

/** Plays the provider APIs on loopback: accepts the keys it was told of and refuses all others. */
export class FakeProviderServer {
  private readonly accepted = new Map<string, Set<string>>();

  private constructor(private readonly server: Server) {}

  static async start(): Promise<FakeProviderServer> {
    const server = createServer();
    const fake = new FakeProviderServer(server);
    server.on('request', (request, response) => {
      const status = fake.statusOf(request);
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(status === 200 ? { ok: true } : { error: 'invalid api key' }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  /** From now on the provider takes this key. */
  accept(provider: string, apiKey: string): void {
    const keys = this.accepted.get(provider) ?? new Set();
    this.accepted.set(provider, keys.add(apiKey));
  }

  /** The HTTP status with which the provider answers a request made with this key. */
  async ask(provider: string, apiKey: string): Promise<number> {
    const { port } = this.server.address() as AddressInfo;
    const header = { deepgram: `Token ${apiKey}`, elevenlabs: '' }[provider] ?? `Bearer ${apiKey}`;
    const answer = await fetch(`http://127.0.0.1:${port}/${provider}${endpoints[provider]!.path}`, {
      headers: provider === 'elevenlabs' ? { 'xi-api-key': apiKey } : { authorization: header },
    });
    await answer.body?.cancel();
    return answer.status;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private statusOf(request: IncomingMessage): number {
    const [, provider = '', ...rest] = (request.url ?? '').split('/');
    const endpoint = endpoints[provider];
    if (!endpoint || `/${rest.join('/')}` !== endpoint.path) return 404;
    const apiKey = endpoint.keyOf(request.headers);
    return apiKey !== undefined && this.accepted.get(provider)?.has(apiKey) ? 200 : 401;
  }
}
