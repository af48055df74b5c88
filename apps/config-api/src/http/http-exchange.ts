import type { Caller } from '../auth/caller.js';

/** What we use of Fastify's request. */
export interface HttpRequest {
  readonly id: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Set by the caller guard. */
  caller?: Caller;
}

/** What we use of Fastify's reply. */
export interface HttpReply {
  readonly sent: boolean;
  header(name: string, value: string): HttpReply;
  code(status: number): HttpReply;
  send(body: unknown): HttpReply;
}
