import { fakeProviderConfigSchema, runApp } from '#libs/config';
import { FakeProviderServer } from './fake-provider.server.js';
import { keyStates } from './key-state.js';

await runApp({
  name: 'latchkey-fake-provider',
  about: 'plays the APIs of all providers on this machine, for trying Latchkey without an account',
  schema: fakeProviderConfigSchema,
  start: async (config) => {
    const fake = await FakeProviderServer.start({ port: config.LATCHKEY_FAKE_PROVIDER_PORT });
    return { welcome: welcome(fake.url), stop: () => fake.close() };
  },
});

function welcome(url: string): string {
  return `
The fake providers answer on ${url}/<slot>. Point Latchkey at them:
  LATCHKEY_PROVIDER_BASE_URLS=${url} LATCHKEY_PROVIDER_PRIVATE_ADDRESSES=true

A key that names a state is treated so (sk-limited-1, sk-invalid-1, …), every other key is valid:
  ${keyStates.join(', ')}

Stop with Ctrl-C.
`;
}
