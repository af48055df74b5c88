/** An IP address that a host name stands for. */
export interface ResolvedAddress {
  address: string;
  family: number;
}

/** Every address of a host name; rejects when it has none. Nobody waits for it any more when `signal` aborts. */
export type AddressLookup = (hostname: string, signal: AbortSignal) => Promise<ResolvedAddress[]>;

/** One request to somebody else's server. */
export interface OutboundRequest {
  method: 'GET' | 'POST';
  url: string;
  headers?: Record<string, string>;
  body?: string;
  /** A longer answer is `outbound_too_large`. */
  answerBytesMax: number;
  /** The beginning will do: of an answer that is longer or does not end in time, what came is taken. */
  answerMayBeCut?: boolean;
}

/** An answer as it came; redirects are answers too and are not followed. */
export interface OutboundAnswer {
  status: number;
  /** Names in lower case. */
  headers: Record<string, string | string[] | undefined>;
  text: string;
}
