import { describe, expect, it } from '@jest/globals';
import { Catalogue } from '#libs/catalogue';
import { baseUrlOf, baseUrlsFrom } from './provider-endpoint.js';

const catalogue = Catalogue.load();
const api = catalogue.findSlot('openai')!.api!;
const urlIn = (region?: string): string => baseUrlOf(api, { slot: 'openai', region }, baseUrlsFrom(undefined));

describe('where a provider is asked', () => {
  it('is the host of the region that the slot is set to, if the provider has one there', () => {
    expect(urlIn('eu')).toBe('https://eu.api.openai.com');
    expect(urlIn('mars')).toBe(api.base_url);
    expect(urlIn()).toBe(api.base_url);
  });

  it.each([
    ['elevenlabs', 'us', 'https://api.us.elevenlabs.io'],
    ['elevenlabs', 'eu', 'https://api.eu.residency.elevenlabs.io'],
    ['elevenlabs', 'in', 'https://api.in.residency.elevenlabs.io'],
    ['elevenlabs', 'sg', 'https://api.sg.residency.elevenlabs.io'],
    ['deepgram', 'eu', 'https://api.eu.deepgram.com'],
    ['openai', 'us', 'https://us.api.openai.com'],
    ['xai', 'us', 'https://us-east-1.api.x.ai'],
    ['xai', 'eu', 'https://eu-west-1.api.x.ai'],
    ['google_vertex', 'eu', 'https://europe-west1-aiplatform.googleapis.com'],
  ])('of %s in %s is %s', (slot, region, url) => {
    expect(baseUrlOf(catalogue.findSlot(slot)!.api!, { slot, region }, baseUrlsFrom(undefined))).toBe(url);
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
