import { describe, expect, it } from '@jest/globals';
import { Catalogue } from '#libs/catalogue';
import { catalogueItems, joined, openComponentsOf } from './catalogue-items.js';

const catalogue = Catalogue.load();

describe('what the catalogue says of live lists', () => {
  it('a voice serves every component that takes any voice', () => {
    const voices = catalogueItems(catalogue, 'xai', 'voices');
    for (const id of ['eve', 'leo']) {
      expect(voices.find((voice) => voice.id === id)).toMatchObject({ components: ['llm', 'tts'], default: false });
    }
    const own = [{ id: 'own', name: 'Own' }];
    expect(joined(own, [], openComponentsOf(catalogue, 'elevenlabs', 'voices'))).toEqual([
      { id: 'own', name: 'Own', in_catalogue: true, default: false, default_for: [], components: ['tts'] },
    ]);
  });

  it('a model serves what the catalogue names it for, and no more', () => {
    expect(openComponentsOf(catalogue, 'xai', 'models')).toEqual([]);
    expect(joined([{ id: 'grok-9', name: 'Grok 9' }], [], [])).toMatchObject([
      { in_catalogue: false, components: [], default_for: [] },
    ]);
  });

  it('a default says of which component and provider it is the default', () => {
    const defaults = catalogueItems(catalogue, 'openai', 'models').filter((model) => model.default);
    expect(defaults.map(({ id, default_for }) => [id, default_for])).toEqual([
      ['gpt-5.4', [{ component: 'llm', provider: 'openai' }]],
      ['gpt-5.4-mini', [{ component: 'postcall_llm', provider: 'openai' }]],
      ['gpt-live-1', [{ component: 'llm', provider: 'openai_live' }]],
    ]);
    const [ara] = catalogueItems(catalogue, 'xai', 'voices');
    expect(ara).toMatchObject({ id: 'ara', default: true, default_for: [{ component: 'tts', provider: 'xai' }] });
  });
});
