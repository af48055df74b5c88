import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Catalogue } from '#libs/catalogue';
import { SecretBytes } from '#libs/crypto';
import { HttpProviderLists } from './http-provider-lists.js';
import { OutboundClient } from './outbound.client.js';
import type { ListKind, LiveItem } from './provider-lists.port.js';

const catalogue = Catalogue.load();
let server: Server | undefined;

afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  server = undefined;
});

async function list(kind: ListKind, slot: string, listener: RequestListener): Promise<LiveItem[] | undefined> {
  server = createServer(listener);
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = new OutboundClient({ privateAddresses: true });
  return new HttpProviderLists(catalogue, client, { baseUrls: () => url }).list(
    kind,
    slot,
    SecretBytes.fromUtf8('some-key'),
  );
}

/** Answers with the page that the parameter asks for; the last one names no next page. */
function pages(parameter: string, bodies: object[]): RequestListener {
  return (request, response) => {
    const page = Number(new URL(request.url!, 'http://provider').searchParams.get(parameter) ?? 0);
    const next = page + 1 < bodies.length && { nextPageToken: String(page + 1) };
    response.end(JSON.stringify({ ...bodies[page], ...next }));
  };
}

describe('a list in pages', () => {
  it.each<[string, ListKind, object[]]>([
    ['inworld', 'voices', [{ voices: [{ voiceId: 'a' }] }, { voices: [{ voiceId: 'b' }] }]],
    ['google', 'models', [{ models: [{ name: 'models/a' }] }, { models: [{ name: 'models/b' }] }]],
    [
      'google_vertex',
      'models',
      [
        { publisherModels: [{ name: 'publishers/google/models/a' }] },
        { publisherModels: [{ name: 'publishers/google/models/b' }] },
      ],
    ],
  ])('of %s (%s) is read to its last page', async (slot, kind, bodies) => {
    expect((await list(kind, slot, pages('pageToken', bodies)))?.map(({ id }) => id)).toEqual(['a', 'b']);
  });

  it('that never ends is unavailable, not cut off without a word', async () => {
    let asked = 0;
    const endless: RequestListener = (_, response) => {
      asked += 1;
      response.end(
        JSON.stringify({ voices: [{ voice_id: `v${asked}` }], has_more: true, next_page_token: `t${asked}` }),
      );
    };
    await expect(list('voices', 'elevenlabs', endless)).rejects.toMatchObject({ code: 'provider_unavailable' });
    expect(asked).toBe(100);
  });
});
