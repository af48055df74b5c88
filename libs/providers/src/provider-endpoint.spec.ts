import { describe, expect, it } from '@jest/globals';
import { Catalogue } from '#libs/catalogue';
import { baseUrlOf, baseUrlsFrom } from './provider-endpoint.js';

const api = Catalogue.load().findSlot('openai')!.api!;
const urlIn = (region?: string): string => baseUrlOf(api, { slot: 'openai', region }, baseUrlsFrom(undefined));

describe('where a provider is asked', () => {
  it('is the host of the region that the slot is set to, if the provider has one there', () => {
    expect(urlIn('eu')).toBe('https://eu.api.openai.com');
    expect(urlIn('mars')).toBe(api.base_url);
    expect(urlIn()).toBe(api.base_url);
  });

  it.each(['constructor', 'toString', '__proto__'])('is the usual host for a region called %s', (region) => {
    expect(urlIn(region)).toBe(api.base_url);
  });

  it('is the address of the operator before all others', () => {
    const overrides = baseUrlsFrom({ openai: 'http://127.0.0.1:9/' });
    expect(baseUrlOf(api, { slot: 'openai', region: 'eu' }, overrides)).toBe('http://127.0.0.1:9');
    expect(baseUrlsFrom({})('constructor')).toBeUndefined();
  });
});
