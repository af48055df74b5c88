import { lookup, Resolver } from 'node:dns/promises';
import type { AddressLookup, ResolvedAddress } from './outbound-request.js';

/** A packet that was lost is sent again; when to give up is for whoever asks to say. */
const resolverOptions = { timeout: 1_000, tries: 2 };

/** The name is not in DNS, or this machine has no DNS server. */
const unknownCodes: readonly unknown[] = ['ENOTFOUND', 'ENODATA', 'ECONNREFUSED'];

const localhost: readonly ResolvedAddress[] = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
];

export interface DnsLookupOptions {
  /** As `host:port`. Default: those of this machine. */
  servers?: readonly string[];
  /** Default: the operating system. */
  lookupElsewhere?: (hostname: string) => Promise<ResolvedAddress[]>;
}

/**
 * Asks DNS, and rejects with the signal's reason when it aborts. The operating system is asked only for names that DNS
 * does not have: it looks up on libuv's threads, of which a slow name keeps one after everybody has given up.
 */
export function dnsLookup({ servers, lookupElsewhere = askSystem }: DnsLookupOptions = {}): AddressLookup {
  const inTurn = oneAtATime();
  return async (hostname, signal) => {
    if (/(^|\.)localhost\.?$/.test(hostname)) return [...localhost];
    // One each: `cancel` ends everything that a resolver has in hand.
    const resolver = new Resolver(resolverOptions);
    if (servers) resolver.setServers(servers);
    const cancel = (): void => resolver.cancel();
    signal.addEventListener('abort', cancel, { once: true });
    try {
      return (await askDns(resolver, hostname)) ?? (await inTurn(() => lookupElsewhere(hostname), signal));
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  };
}

/** Undefined when DNS does not know the name; rejects when it does not say. */
async function askDns(resolver: Resolver, hostname: string): Promise<ResolvedAddress[] | undefined> {
  const answers = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)]);
  const addresses = answers.flatMap((answer, index) =>
    answer.status === 'fulfilled' ? answer.value.map((address) => ({ address, family: index === 0 ? 4 : 6 })) : [],
  );
  if (addresses.length > 0) return addresses;
  const errors = answers.map((answer) => (answer.status === 'rejected' ? (answer.reason as { code?: unknown }) : {}));
  const undecided = errors.find(({ code }) => !unknownCodes.includes(code));
  if (undecided) throw undecided;
  return undefined;
}

/** Reads /etc/hosts, tries search domains and the like. */
function askSystem(hostname: string): Promise<ResolvedAddress[]> {
  return lookup(hostname, { all: true, verbatim: true });
}

/** Runs one piece of work at a time: slow look-ups of the operating system keep one thread, not all. */
function oneAtATime(): <T>(work: () => Promise<T>, signal: AbortSignal) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work, signal) => {
    const turn = last.then(() => {
      signal.throwIfAborted();
      return work();
    });
    last = turn.catch(() => undefined);
    return turn;
  };
}
