import { isIP } from 'node:net';
import { AppError } from '#libs/errors';
import { dnsLookup } from './dns-lookup.js';
import { addressKind } from './outbound-address.js';
import { OutboundConnection } from './outbound.connection.js';
import { outboundError } from './outbound-error.js';
import type { AddressLookup, OutboundAnswer, OutboundRequest, ResolvedAddress } from './outbound-request.js';

export interface OutboundOptions {
  /** Lets requests out to this machine and to private networks; never to link-local and other special ones. */
  privateAddresses?: boolean;
  /** Default: `dnsLookup` at the servers of this machine. */
  lookup?: AddressLookup;
}

/**
 * Requests to servers that others choose: HTTPS only (plain HTTP to this machine), addresses checked before anything is
 * sent and connected to as they were checked, no redirects, limited in time and size. Rejects with AppError:
 * `outbound_refused` (`invalid`: the URL or its addresses are not allowed) or, as `unavailable`, `outbound_timeout`,
 * `outbound_unreachable`, `outbound_too_large`. Messages name the host, never path, headers or body.
 */
export class OutboundClient {
  private readonly privateAddresses: boolean;
  private readonly lookup: AddressLookup;

  constructor({ privateAddresses = false, lookup = dnsLookup() }: OutboundOptions = {}) {
    this.privateAddresses = privateAddresses;
    this.lookup = lookup;
  }

  /** Sends one request on a connection of its own; `timeoutMs` covers everything, from the name to the last byte. */
  async send(request: OutboundRequest, timeoutMs: number): Promise<OutboundAnswer> {
    const connection = await this.open(request.url, AbortSignal.timeout(timeoutMs));
    try {
      return await connection.send(request);
    } finally {
      await connection.close();
    }
  }

  /** Resolves and checks the URL's host once, for any number of requests to its origin until `signal` aborts. */
  async open(url: string, signal: AbortSignal): Promise<OutboundConnection> {
    const target = parseTarget(url);
    const addresses = await this.resolve(target.hostname, signal);
    for (const { address } of addresses) this.assertAllowed(target, address);
    return new OutboundConnection(target.origin, addresses, signal);
  }

  private async resolve(hostname: string, signal: AbortSignal): Promise<ResolvedAddress[]> {
    const literal = hostname.replace(/^\[(.*)\]$/, '$1');
    const family = isIP(literal);
    if (family !== 0) return [{ address: literal, family }];
    try {
      signal.throwIfAborted();
      const addresses = await orAborted(this.lookup(hostname, signal), signal);
      if (addresses.length > 0) return addresses;
    } catch (error) {
      throw outboundError(hostname, error);
    }
    throw outboundError(hostname, new Error('the name has no address'));
  }

  private assertAllowed({ hostname, protocol }: URL, address: string): void {
    const kind = addressKind(address);
    if (protocol === 'http:' && kind !== 'loopback') {
      throw refused(hostname, 'plain HTTP is spoken to this machine only: use https');
    }
    if (kind === 'public' || (kind !== 'reserved' && this.privateAddresses)) return;
    throw refused(hostname, `it has a ${kind} address, and requests do not go there`);
  }
}

function parseTarget(url: string): URL {
  const target = URL.canParse(url) ? new URL(url) : undefined;
  if (!target || !['https:', 'http:'].includes(target.protocol)) throw refused('the address', 'it is no https URL');
  if (target.username !== '' || target.password !== '') throw refused(target.hostname, 'its URL holds a password');
  return target;
}

function refused(host: string, why: string): AppError {
  return new AppError('invalid', 'outbound_refused', { message: `No request is sent to ${host}: ${why}.` });
}

/** What does not end by itself is left behind. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    if (onAbort) signal.removeEventListener('abort', onAbort);
  }
}
