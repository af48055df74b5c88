import type { Content } from './canary.js';

export interface Sent {
  body?: unknown;
  /** Sent as it is, instead of `body`. */
  raw?: string;
  headers?: Record<string, string>;
}

export interface RecordedAnswer {
  status: number;
  body: Record<string, unknown>;
}

/** An HTTP client that keeps every answer, status line and headers included. */
export class RecordingHttp {
  readonly answers: Content[] = [];

  async send(token: string | undefined, method: string, url: string, sent: Sent = {}): Promise<RecordedAnswer> {
    const payload = sent.raw ?? (sent.body === undefined ? undefined : JSON.stringify(sent.body));
    const answer = await fetch(url, {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(payload !== undefined && { 'content-type': 'application/json' }),
        ...sent.headers,
      },
      ...(payload !== undefined && { body: payload }),
    });
    const bytes = Buffer.from(await answer.arrayBuffer());
    const head = Buffer.from(`${answer.status} ${answer.statusText} ${JSON.stringify([...answer.headers])}\n`);
    this.answers.push({
      where: `the answer to ${method} ${new URL(url).pathname}`,
      bytes: Buffer.concat([head, bytes]),
    });
    const isJson = answer.headers.get('content-type')?.startsWith('application/json') ?? false;
    return { status: answer.status, body: isJson ? (JSON.parse(bytes.toString()) as Record<string, unknown>) : {} };
  }
}
