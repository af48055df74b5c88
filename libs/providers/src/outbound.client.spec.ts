import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { AppError } from '#libs/errors';
import { OutboundClient } from './outbound.client.js';
import type { OutboundRequest, ResolvedAddress } from './outbound-request.js';

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function get(url: string): OutboundRequest {
  return { method: 'GET', url, answerBytesMax: 1_000 };
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'sent',
    (error: AppError) => error.code,
  );
}

const standingFor =
  (...addresses: string[]) =>
  async (): Promise<ResolvedAddress[]> =>
    addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));

describe('an outbound request', () => {
  const local = new OutboundClient({ privateAddresses: true });

  it('is answered with status, headers and text', async () => {
    const port = await serve((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => response.writeHead(418, { 'x-kind': 'tea' }).end(`${request.method} ${body}`));
    });
    const url = `http://127.0.0.1:${port}/pot`;
    const answer = await local.send({ method: 'POST', url, body: 'milk', answerBytesMax: 100 }, 2_000);
    expect(answer).toMatchObject({ status: 418, headers: { 'x-kind': 'tea' }, text: 'POST milk' });
  });

  it('does not follow a redirect', async () => {
    let followed = false;
    const port = await serve((request, response) => {
      if (request.url === '/there') followed = true;
      response.writeHead(302, { location: '/there' }).end();
    });
    expect((await local.send(get(`http://127.0.0.1:${port}/`), 2_000)).status).toBe(302);
    expect(followed).toBe(false);
  });

  it.each([
    ['this machine', 'https://127.0.0.1/'],
    ['this machine by name', 'https://localhost/'],
    ['this machine in hexadecimal', 'https://0x7f000001/'],
    ['this machine in IPv6', 'https://[::1]/'],
    ['this machine in IPv6 of IPv4', 'https://[::ffff:127.0.0.1]/'],
    ['a private network', 'https://10.1.2.3/'],
    ['the metadata of a cloud', 'http://169.254.169.254/latest/meta-data'],
    ['a server in plain HTTP', 'http://1.1.1.1/'],
    ['another protocol', 'ftp://1.1.1.1/'],
    ['a URL with a password', 'https://user:pass@1.1.1.1/'],
    ['nowhere', 'not a url'],
  ])('to %s is refused before anything is sent', async (_, url) => {
    expect(await codeOf(new OutboundClient().send(get(url), 1_000))).toBe('outbound_refused');
  });

  it.each([
    ['link-local addresses', 'https://169.254.169.254/'],
    ['other machines in plain HTTP', 'http://10.0.0.1/'],
  ])('to %s is refused even where private addresses are allowed', async (_, url) => {
    expect(await codeOf(local.send(get(url), 1_000))).toBe('outbound_refused');
  });

  it('to a name is refused when any of its addresses is not allowed', async () => {
    const client = new OutboundClient({ lookup: standingFor('93.184.216.34', '10.0.0.7') });
    expect(await codeOf(client.send(get('https://rebound.example/'), 1_000))).toBe('outbound_refused');
  });

  it('goes to the address that was checked, whatever the name stands for a moment later', async () => {
    const hosts: (string | undefined)[] = [];
    const port = await serve((request, response) => {
      hosts.push(request.headers.host);
      response.end('{}');
    });
    const answers = ['127.0.0.1', '192.0.2.1'];
    let lookups = 0;
    const client = new OutboundClient({
      privateAddresses: true,
      lookup: () => standingFor(answers[Math.min(lookups++, 1)]!)(),
    });
    const url = `http://rebound.example:${port}`;
    const connection = await client.open(url, AbortSignal.timeout(2_000));
    await connection.send(get(`${url}/one`));
    await connection.send(get(`${url}/two`));
    await connection.close();
    expect({ lookups, hosts }).toEqual({ lookups: 1, hosts: Array(2).fill(`rebound.example:${port}`) });
  });

  it('to another origin than the one that was checked is refused', async () => {
    const connection = await local.open('http://127.0.0.1:1', AbortSignal.timeout(1_000));
    expect(await codeOf(connection.send(get('http://127.0.0.1:2/')))).toBe('outbound_other_origin');
    await connection.close();
  });

  it.each<[string, RequestListener]>([
    ['the server says nothing', () => undefined],
    ['the answer never ends', (_, response) => response.writeHead(200).write('{')],
  ])('ends in time when %s', async (_, listener) => {
    const port = await serve(listener);
    expect(await codeOf(local.send(get(`http://127.0.0.1:${port}/`), 200))).toBe('outbound_timeout');
  });

  it('ends in time when the name does not resolve', async () => {
    const client = new OutboundClient({ lookup: () => new Promise(() => undefined) });
    expect(await codeOf(client.send(get('https://slow.example/'), 100))).toBe('outbound_timeout');
  });

  it.each([
    ['a name without an address', new OutboundClient({ lookup: async () => [] })],
    [
      'a name that cannot be looked up',
      new OutboundClient({ lookup: () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' })) }),
    ],
  ])('to %s is unreachable', async (_, client) => {
    expect(await codeOf(client.send(get('https://nowhere.example/'), 1_000))).toBe('outbound_unreachable');
  });

  it('to a closed port is unreachable', async () => {
    expect(await codeOf(local.send(get('http://127.0.0.1:1/'), 1_000))).toBe('outbound_unreachable');
  });

  it.each<[string, RequestListener]>([
    ['says so', (_, response) => response.writeHead(200, { 'content-length': '2000' }).end('x'.repeat(2_000))],
    ['is sent bit by bit', (_, response) => ['a', 'b', 'c'].forEach((bit) => response.write(bit.repeat(500)))],
  ])('whose answer is too large and %s is given up', async (_, listener) => {
    const port = await serve(listener);
    expect(await codeOf(local.send(get(`http://127.0.0.1:${port}/`), 2_000))).toBe('outbound_too_large');
  });

  it.each<[string, RequestListener]>([
    ['is too large', (_, response) => response.writeHead(200).end('x'.repeat(5_000_000))],
    ['never ends', (_, response) => response.writeHead(200).write('x'.repeat(1_000))],
  ])('may be content with the beginning of an answer that %s', async (_, listener) => {
    const port = await serve(listener);
    const answer = await local.send({ ...get(`http://127.0.0.1:${port}/`), answerMayBeCut: true }, 500);
    expect(answer).toMatchObject({ status: 200, text: 'x'.repeat(1_000) });
  });

  it('never repeats path, headers or body in what it says of a failure', async () => {
    const secret = 'sk-canary-0123456789';
    const url = `http://127.0.0.1:1/hook/${secret}?token=${secret}`;
    const error: AppError = await local
      .send({ method: 'POST', url, headers: { authorization: secret }, body: secret, answerBytesMax: 1 }, 500)
      .then(
        () => Promise.reject(new Error('sent')),
        (reason: AppError) => reason,
      );
    expect(JSON.stringify([error.message, error.details, error.cause, error.stack])).not.toContain('canary');
  });
});
