import type { StandaloneConfig } from '#libs/config';
import { FakeProviderServer, keyStates } from '#apps/fake-provider';

type ProviderSettings = Pick<
  StandaloneConfig,
  'LATCHKEY_FAKE_PROVIDERS' | 'LATCHKEY_PROVIDER_BASE_URLS' | 'LATCHKEY_PROVIDER_PRIVATE_ADDRESSES'
>;

/** A fake of all providers in the process, when it is asked for by variable or by `--with-fake-providers`. */
export async function startFakeProviders(
  config: Pick<ProviderSettings, 'LATCHKEY_FAKE_PROVIDERS'>,
): Promise<FakeProviderServer | undefined> {
  const isWanted = config.LATCHKEY_FAKE_PROVIDERS || process.argv.includes('--with-fake-providers');
  return isWanted ? FakeProviderServer.start() : undefined;
}

/** Where providers are asked: the fake, if there is one. */
export function providerSettings(config: ProviderSettings, fake: FakeProviderServer | undefined): ProviderSettings {
  if (!fake) return config;
  return { ...config, LATCHKEY_PROVIDER_BASE_URLS: fake.url, LATCHKEY_PROVIDER_PRIVATE_ADDRESSES: true };
}

/** How to use the fake, for the welcome. */
export function fakeProvidersHint({ url }: FakeProviderServer): string {
  return `
Providers are played by ${url}: no account is needed, and no key leaves this machine.
  A key that names a state is treated so (sk-limited-1, re_invalid_1, …), every other key is valid:
  ${keyStates.join(', ')}
`;
}
