import { tmpdir } from 'node:os';
import { describe, expect, it } from '@jest/globals';
import { loadConfig, standaloneConfigSchema } from '#libs/config';
import { FakeProviderServer } from '#apps/fake-provider';
import { DataDirectory } from './data-directory.js';
import { welcome } from './welcome.js';

describe('the welcome', () => {
  const welcomeWith = async (environment: Record<string, string>, fake?: FakeProviderServer): Promise<string> =>
    welcome(loadConfig(standaloneConfigSchema, environment), await DataDirectory.open(tmpdir()), fake);

  it('names the page that has every route', async () => {
    expect(await welcomeWith({ LATCHKEY_HTTP_PORT: '8099' })).toContain('http://127.0.0.1:8099/docs');
  });

  it('says who is asked about keys', async () => {
    expect(await welcomeWith({})).toMatch(/with their real providers before .*start with --with-fake-providers/);
    expect(await welcomeWith({ LATCHKEY_VALIDATE_KEYS: 'false' })).toContain('Keys are stored unchecked');
    const urls = { LATCHKEY_PROVIDER_BASE_URLS: 'http://127.0.0.1:8090' };
    expect(await welcomeWith(urls)).toContain('with the providers at LATCHKEY_PROVIDER_BASE_URLS');
    const fake = await FakeProviderServer.start();
    expect(await welcomeWith({}, fake)).toContain(`with fake providers on ${fake.url}`);
    await fake.close();
  });
});
