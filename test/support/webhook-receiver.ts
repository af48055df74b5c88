import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How old a webhook may be, in seconds, before a receiver refuses it. */
const ageSecondsMax = 300;

/** One request as it came. */
export interface ReceivedWebhook {
  path: string;
  headers: IncomingHttpHeaders;
  rawBody: string;
  body: { id: string; type: string; organization_id: string; data: Record<string, unknown> };
}

/** The receiver of webhooks as the contract describes it: on loopback, with a script of answers. */
export class WebhookReceiver {
  readonly received: ReceivedWebhook[] = [];
  /** What the next requests are answered, one after the other; 200 when it is empty. */
  readonly script: number[] = [];
  /** Where nothing is ever answered. */
  readonly silentPaths = new Set<string>();
  /** Where the answer is very long. */
  readonly talkativePaths = new Set<string>();

  private constructor(private readonly server: Server) {}

  static async start(): Promise<WebhookReceiver> {
    const server = createServer();
    const receiver = new WebhookReceiver(server);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => void chunks.push(chunk));
      request.on('end', () => {
        const rawBody = Buffer.concat(chunks).toString('utf8');
        const { headers, url: path = '' } = request;
        receiver.received.push({ path, headers, rawBody, body: JSON.parse(rawBody) as ReceivedWebhook['body'] });
        if (receiver.silentPaths.has(path)) return;
        const status = receiver.script.shift() ?? 200;
        response.writeHead(status, { ...(status === 302 && { location: `${receiver.url}/elsewhere` }) });
        response.end(receiver.talkativePaths.has(path) ? 'x'.repeat(5_000_000) : status === 200 ? 'thank you' : 'no');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  of(type: string): ReceivedWebhook[] {
    return this.received.filter(({ body }) => body.type === type);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** Whether a receiver that knows `secret` believes the webhook at this moment; by the contract, not by our code. */
export function isGenuine(
  { headers, rawBody }: Pick<ReceivedWebhook, 'headers' | 'rawBody'>,
  secret: string,
  { header = 'x-webhook-signature', nowMs = Date.now() } = {},
): boolean {
  const timestamp = String(headers['x-webhook-timestamp']);
  const expected = createHmac('sha256', secret).update(`${timestamp}.${rawBody}`).digest('hex');
  const ageSeconds = Math.abs(nowMs / 1_000 - Number(timestamp));
  return headers[header] === `sha256=${expected}` && ageSeconds <= ageSecondsMax;
}
