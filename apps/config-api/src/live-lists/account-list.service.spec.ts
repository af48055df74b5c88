import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { SecretBytes } from '#libs/crypto';
import type { ListKind, ProbeOptions, ProviderLists } from '#libs/providers';
import type { StoredKey, StoredKeyReader } from '#libs/resolution';
import { AccountListService } from './account-list.service.js';

const slot = { organizationId: 'acme', provider: 'elevenlabs' };

describe('what a provider listed for a key', () => {
  let stored: Omit<StoredKey, 'apiKey'>;
  let asked: string[];
  let lists: AccountListService;

  beforeEach(() => {
    stored = { version: 1, region: undefined };
    asked = [];
    const keys = { find: async () => ({ ...stored, apiKey: SecretBytes.fromUtf8('k') }) } as unknown as StoredKeyReader;
    const providers: ProviderLists = {
      list: async (kind: ListKind, provider: string, _: SecretBytes, { region }: ProbeOptions = {}) => {
        asked.push(`${kind} of ${provider} in ${region}`);
        return [{ id: `${kind}-${asked.length}`, name: kind }];
      },
    };
    lists = new AccountListService(keys, providers);
  });
  afterEach(() => void jest.restoreAllMocks());

  const read = async (kind: ListKind, of = slot): Promise<string | undefined> =>
    (await lists.read(of, kind)).items?.[0]?.id;

  it('is asked of the region that the slot is bound to, and again when it is another', async () => {
    stored.region = 'eu';
    await read('voices');
    stored.region = 'us';
    await read('voices');
    expect(asked).toEqual(['voices of elevenlabs in eu', 'voices of elevenlabs in us']);
  });

  it('is remembered for its organization, its version of the key and its kind alone', async () => {
    const seen = [
      await read('voices'),
      await read('models'),
      await read('voices', { ...slot, organizationId: 'globex' }),
    ];
    stored.version = 2;
    seen.push(await read('voices'));
    expect(seen).toEqual(['voices-1', 'models-2', 'voices-3', 'voices-4']);
    expect(await read('models')).toBe('models-5');
    expect(await read('voices')).toBe('voices-4');
  });

  it('is forgotten after a minute', async () => {
    const clock = jest.spyOn(performance, 'now');
    clock.mockReturnValue(1_000);
    expect(await read('voices')).toBe('voices-1');
    clock.mockReturnValue(60_000);
    await passOneTick();
    expect(await read('voices')).toBe('voices-1');
    clock.mockReturnValue(62_000);
    await passOneTick();
    expect(await read('voices')).toBe('voices-2');
  });
});

/** The cache looks at the clock once a millisecond. */
function passOneTick(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}
