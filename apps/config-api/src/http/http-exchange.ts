import type { Caller } from '../auth/caller.js';
import type { Repeatable } from '../idempotency/idempotency.service.js';

/** What we use of Fastify's request. */
export interface HttpRequest {
  readonly id: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly params: unknown;
  /** `url` is the pattern of the route that was matched, `config` has `token` where a token of another kind opens it. */
  readonly routeOptions: { readonly url?: string; readonly config?: object };
  /** As it was asked for, with the query. */
  readonly url: string;
  /** The client's address. */
  readonly ip: string;
  readonly protocol: string;
  /** As the client has reached us, with the port: its Host, or what a trusted proxy says. */
  readonly host: string;
  readonly body?: unknown;
  /** Set before the body is read, when the token is good. */
  caller?: Caller;
  /** Why a token that was sent is not good, or not good for this. */
  callerRefusal?: unknown;
  /** Set before the handler, when the request carries an Idempotency-Key. */
  repeatable?: Repeatable;
}

/** What we use of Fastify's reply. */
export interface HttpReply {
  readonly sent: boolean;
  readonly statusCode: number;
  getHeader(name: string): string | number | string[] | undefined;
  header(name: string, value: string): HttpReply;
  code(status: number): HttpReply;
  send(body: unknown): HttpReply;
}
