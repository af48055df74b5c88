import { describe, expect, it } from '@jest/globals';
import { Catalogue } from './index.js';
import { providerApiSchema, type ProviderApi } from './provider-api.schema.js';

const catalogue = Catalogue.load();
const api: ProviderApi = {
  base_url: 'https://api.example.com',
  auth: { header: 'authorization', template: 'Bearer {key}' },
  probe: { request: { method: 'GET', path: '/me' }, rules: [{ status: [200], verdict: 'valid' }] },
};

describe('the API of a provider', () => {
  it('is known of every slot of the built-in catalogue', () => {
    expect(catalogue.slots.filter((slot) => !slot.api).map(({ id }) => id)).toEqual([]);
  });

  it('says of no component that the slot does not serve', () => {
    for (const { id, api: known } of catalogue.slots) {
      const { rules = [], needed_by = {}, granted, component_probes = [] } = known?.probe ?? {};
      const named = [
        ...rules.flatMap(({ capabilities = {} }) => Object.keys(capabilities)),
        ...Object.values(needed_by).flat(),
        ...Object.keys(granted?.needs ?? {}),
        ...component_probes.flatMap(({ components }) => components),
      ];
      expect([id, catalogue.componentsOf(id)]).toEqual([id, expect.arrayContaining(named)]);
    }
  });

  it('may end its base URL with a slash', () => {
    expect(providerApiSchema.parse({ ...api, base_url: 'https://api.example.com/v1/' }).base_url).toBe(
      'https://api.example.com/v1',
    );
  });

  it.each([
    ['plain HTTP', { base_url: 'http://api.example.com' }, 'base_url'],
    ['a header in upper case', { auth: { header: 'X-Key', template: '{key}' } }, 'auth.header'],
    ['a header without the key', { auth: { header: 'x-key', template: 'key' } }, 'auth.template'],
    ['the key twice', { auth: { header: 'x-key', template: '{key}:{key}' } }, 'auth.template'],
    [
      'a path of another host',
      { probe: { ...api.probe, request: { method: 'GET', path: 'https://b.c/' } } },
      'probe.request.path',
    ],
    [
      'a method that changes things',
      { probe: { ...api.probe, request: { method: 'DELETE', path: '/' } } },
      'probe.request.method',
    ],
    ['no rules', { probe: { ...api.probe, rules: [] } }, 'probe.rules'],
    [
      'a verdict of its own',
      { probe: { ...api.probe, rules: [{ status: [200], verdict: 'fine' }] } },
      'probe.rules.0.verdict',
    ],
    [
      'a condition without a test',
      { probe: { ...api.probe, rules: [{ status: [200], verdict: 'valid', where: { at: '/a' } }] } },
      'probe.rules.0.where',
    ],
    ['a pointer that is none', { models: { path: '/models', items: 'data', id: '/id' } }, 'models.items'],
  ])('is refused with %s', (_, change, path) => {
    const parsed = providerApiSchema.safeParse({ ...api, ...change });
    expect(parsed.error?.issues.map((issue) => issue.path.join('.'))).toEqual([path]);
  });
});

describe('the components of a slot', () => {
  it.each([
    ['elevenlabs', ['stt', 'tts', 'postcall_stt']],
    ['google', ['llm', 'tts']],
    ['google_vertex', ['stt', 'llm', 'tts', 'postcall_llm']],
    ['resend', ['email']],
    ['unheard-of', []],
  ])('of %s are %j', (slot, components) => expect(catalogue.componentsOf(slot)).toEqual(components));
});
