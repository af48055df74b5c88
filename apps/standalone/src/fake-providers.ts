import type { StandaloneConfig } from '#libs/config';
import { FakeProviderServer, keyStates } from '#apps/fake-provider';

type ProviderSettings = Pick<
  StandaloneConfig,
  'LATCHKEY_FAKE_PROVIDERS' | 'LATCHKEY_PROVIDER_BASE_URLS' | 'LATCHKEY_PROVIDER_PRIVATE_ADDRESSES'
>;

/** The flag that asks for the fake, as the variable does. */
export const fakeProvidersFlag = '--with-fake-providers';

/** A fake of all providers in the process, when it is asked for by variable or by flag. */
export async function startFakeProviders(
  config: Pick<ProviderSettings, 'LATCHKEY_FAKE_PROVIDERS'>,
  given: ReadonlySet<string>,
): Promise<FakeProviderServer | undefined> {
  const isWanted = config.LATCHKEY_FAKE_PROVIDERS || given.has(fakeProvidersFlag);
  return isWanted ? FakeProviderServer.start() : undefined;
}

/** Where providers are asked: the fake, if there is one. */
export function providerSettings(config: ProviderSettings, fake: FakeProviderServer | undefined): ProviderSettings {
  if (!fake) return config;
  return { ...config, LATCHKEY_PROVIDER_BASE_URLS: fake.url, LATCHKEY_PROVIDER_PRIVATE_ADDRESSES: true };
}

/** Who is asked about keys, for the welcome. */
export function providersHint(
  { LATCHKEY_VALIDATE_KEYS: asks, LATCHKEY_PROVIDER_BASE_URLS: urls }: CheckSettings,
  fake: FakeProviderServer | undefined,
): string {
  if (fake) return fakeHint(fake);
  const whom = urls === undefined ? 'their real providers' : 'the providers at LATCHKEY_PROVIDER_BASE_URLS';
  return asks
    ? `Keys are checked with ${whom} before they are stored. Without accounts: start with ${fakeProvidersFlag}.`
    : `Keys are stored unchecked (LATCHKEY_VALIDATE_KEYS=false); tests of keys ask ${whom}.`;
}

type CheckSettings = Pick<StandaloneConfig, 'LATCHKEY_VALIDATE_KEYS' | 'LATCHKEY_PROVIDER_BASE_URLS'>;

function fakeHint({ url }: FakeProviderServer): string {
  return `Keys are checked with fake providers on ${url}: no account is needed, and no key leaves this machine.
  A key that names a state is treated so (sk-limited-1, re_invalid_1, …), every other key is valid:
  ${keyStates.join(', ')}`;
}
