import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import { dnsLookup, type DnsLookupOptions } from './dns-lookup.js';
import { OutboundClient } from './outbound.client.js';
import type { ResolvedAddress } from './outbound-request.js';

/** What a server says of a name: its addresses, a code of DNS without any, or nothing at all. */
type Said = { a?: string; aaaa?: string } | { rcode: number } | 'nothing';

const [servfail, nxdomain] = [2, 3];
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) await new Promise<void>((resolve) => socket.close(resolve));
});

/** A DNS server's address, and the names that it was asked for. */
async function serve(say: (name: string) => Said): Promise<{ servers: string[]; asked: string[] }> {
  const socket = createSocket('udp4');
  sockets.push(socket);
  const asked: string[] = [];
  socket.on('message', (query, sender) => {
    const { name, type, end } = questionOf(query);
    asked.push(name);
    const said = say(name);
    if (said !== 'nothing') socket.send(answerTo(query.subarray(0, end), type, said), sender.port, sender.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { servers: [`127.0.0.1:${socket.address().port}`], asked };
}

function questionOf(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at]!; length > 0; length = query[at]!) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

function answerTo(question: Buffer, type: number, said: Exclude<Said, 'nothing'>): Buffer {
  const answer = Buffer.from(question);
  const address = 'rcode' in said ? undefined : type === 1 ? said.a : said.aaaa;
  answer.writeUInt16BE(0x8180 + ('rcode' in said ? said.rcode : 0), 2);
  answer.writeUInt16BE(address ? 1 : 0, 6);
  answer.writeUInt32BE(0, 8);
  if (!address) return answer;
  const bytes = type === 1 ? address.split('.').map(Number) : [...Buffer.from(address.replaceAll(':', ''), 'hex')];
  return Buffer.concat([answer, Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, bytes.length, ...bytes])]);
}

const find = (options: DnsLookupOptions, name: string, timeoutMs = 2_000): Promise<ResolvedAddress[]> =>
  dnsLookup(options)(name, AbortSignal.timeout(timeoutMs));
const nobody = (): Promise<ResolvedAddress[]> => Promise.reject(new Error('the operating system was asked'));
const elsewhere: ResolvedAddress[] = [{ address: '10.1.1.1', family: 4 }];

describe('a look-up in DNS', () => {
  it('finds the addresses of both families', async () => {
    const { servers } = await serve(() => ({ a: '192.0.2.7', aaaa: '2001:0db8:0000:0000:0000:0000:0000:0007' }));
    expect(await find({ servers, lookupElsewhere: nobody }, 'both.example')).toEqual([
      { address: '192.0.2.7', family: 4 },
      { address: '2001:db8::7', family: 6 },
    ]);
  });

  it('is content with one family', async () => {
    const { servers } = await serve((name) =>
      name === 'old.example' ? { a: '192.0.2.7' } : { aaaa: '2001:0db8:0000:0000:0000:0000:0000:0007' },
    );
    expect(await find({ servers }, 'old.example')).toEqual([{ address: '192.0.2.7', family: 4 }]);
    expect(await find({ servers }, 'new.example')).toEqual([{ address: '2001:db8::7', family: 6 }]);
  });

  it('of names that are never answered holds up no other, and ends with each asker', async () => {
    const { servers } = await serve((name) => (name.startsWith('silent') ? 'nothing' : { a: '192.0.2.7' }));
    const lookup = dnsLookup({ servers });
    const silent = Array.from({ length: 30 }, (_, n) => find({ servers }, `silent-${n}.example`, 300));
    const ended = Promise.allSettled([...silent, lookup('silent.example', AbortSignal.timeout(300))]);
    const patient = lookup('silent.example', AbortSignal.timeout(800));
    const since = Date.now();
    expect(await lookup('quick.example', AbortSignal.timeout(2_000))).toHaveLength(1);
    expect(Date.now() - since).toBeLessThan(900);
    for (const end of await ended) expect(end).toMatchObject({ reason: { name: 'TimeoutError' } });
    await expect(patient).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(Date.now() - since).toBeGreaterThanOrEqual(790);
  });

  it('asks again when a packet was lost', async () => {
    const seen = new Map<string, number>();
    const { servers } = await serve((name) => {
      seen.set(name, (seen.get(name) ?? 0) + 1);
      return seen.get(name)! <= 2 ? 'nothing' : { a: '192.0.2.7' };
    });
    expect(await find({ servers }, 'lossy.example', 3_000)).toHaveLength(1);
  });

  it('asks nobody for this machine', async () => {
    const { servers, asked } = await serve(() => ({ a: '192.0.2.7' }));
    for (const name of ['localhost', 'app.localhost', 'localhost.']) {
      const found = await find({ servers, lookupElsewhere: nobody }, name);
      expect(found.map(({ address }) => address)).toEqual(['127.0.0.1', '::1']);
    }
    expect(asked).toEqual([]);
  });

  it.each<[string, Said]>([
    ['is not there', { rcode: nxdomain }],
    ['has no address', {}],
  ])('leaves a name that %s to the operating system', async (_, said) => {
    const { servers } = await serve(() => said);
    expect(await find({ servers, lookupElsewhere: async () => elsewhere }, 'in-hosts')).toEqual(elsewhere);
    await expect(find({ servers }, 'nowhere.invalid')).rejects.toMatchObject({ syscall: 'getaddrinfo' });
  });

  it('leaves names to the operating system where there is no DNS server', async () => {
    const { servers } = await serve(() => 'nothing');
    await new Promise<void>((resolve) => sockets.pop()!.close(resolve));
    expect(await find({ servers, lookupElsewhere: async () => elsewhere }, 'in-hosts')).toEqual(elsewhere);
  });

  it('does not ask the operating system when DNS does not say', async () => {
    const { servers } = await serve(() => ({ rcode: servfail }));
    await expect(find({ servers, lookupElsewhere: nobody }, 'broken.example')).rejects.toMatchObject({
      code: 'ESERVFAIL',
    });
  });

  it('asks the operating system for one name at a time, and not for whom nobody waits any more', async () => {
    const { servers } = await serve(() => ({ rcode: nxdomain }));
    const asked: string[] = [];
    let end: (() => void) | undefined;
    const lookupElsewhere = async (name: string): Promise<ResolvedAddress[]> => {
      asked.push(name);
      if (name === 'slow') await new Promise<void>((resolve) => (end = resolve));
      return elsewhere;
    };
    const lookup = dnsLookup({ servers, lookupElsewhere });
    const slow = lookup('slow', AbortSignal.timeout(2_000));
    while (!end) await new Promise((resolve) => setTimeout(resolve, 5));
    const left = lookup('left', AbortSignal.timeout(100));
    const next = lookup('next', AbortSignal.timeout(2_000));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(asked).toEqual(['slow']);
    end();
    expect(await Promise.all([slow, next])).toEqual([elsewhere, elsewhere]);
    await expect(left).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(asked).toEqual(['slow', 'next']);
  });

  it('has a request refused when one of the addresses is not allowed, and its time limited', async () => {
    const { servers } = await serve((name) =>
      name === 'silent.example' ? 'nothing' : { a: '93.184.216.34', aaaa: 'fd00:0000:0000:0000:0000:0000:0000:0001' },
    );
    const client = new OutboundClient({ lookup: dnsLookup({ servers }) });
    const get = (url: string) => client.send({ method: 'GET', url, answerBytesMax: 1 }, 300);
    await expect(get('https://mixed.example/')).rejects.toMatchObject({ code: 'outbound_refused' });
    await expect(get('https://silent.example/')).rejects.toMatchObject({ code: 'outbound_timeout' });
  });
});
