import type { IncomingHttpHeaders } from 'node:http';
import type { KeyState } from './key-state.js';

/** A voice of a provider account. */
export interface FakeVoice {
  id: string;
  name: string;
}

/** A request to one provider, with the state of the key that it carries. */
export interface FakeCall {
  state: KeyState;
  query: URLSearchParams;
  /** What the account of this key has in its voice library. */
  voices: readonly FakeVoice[];
}

export interface FakeAnswer {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
}

/** One provider's API: where the key is, what an unknown one gets, and what is answered to the others. */
export interface FakeApi {
  /** The headers that carry a key. */
  headersOf(apiKey: string): Record<string, string>;
  keyOf(headers: IncomingHttpHeaders): string | undefined;
  /** The path that a key is checked with by `GET`. */
  checkPath: string;
  /** By method and path. */
  routes: Record<string, (call: FakeCall) => FakeAnswer>;
  /** Also what a request without a key gets. */
  invalid: FakeAnswer;
  /** Where it is missing, a blocked key looks like an invalid one. */
  blocked?: FakeAnswer;
  outOfCredit?: FakeAnswer;
}

/** A key after a word in the authorization header. */
export function authorization(word: string): Pick<FakeApi, 'headersOf' | 'keyOf'> {
  return {
    headersOf: (apiKey) => ({ authorization: `${word} ${apiKey}` }),
    keyOf: ({ authorization: header }) =>
      header?.startsWith(`${word} `) ? header.slice(word.length + 1) || undefined : undefined,
  };
}

/** A key that has a header for itself. */
export function ownHeader(name: string): Pick<FakeApi, 'headersOf' | 'keyOf'> {
  return {
    headersOf: (apiKey) => ({ [name]: apiKey }),
    keyOf: (headers) => headers[name]?.toString() || undefined,
  };
}

/** An answer in JSON with status 200. */
export function ok(body: unknown): FakeAnswer {
  return { status: 200, body };
}
