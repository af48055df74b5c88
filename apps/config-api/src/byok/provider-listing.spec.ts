import { describe, expect, it } from '@jest/globals';
import { Catalogue } from '#libs/catalogue';
import type { ListedOffering } from './key-answers.schema.js';
import { listProviders } from './provider-listing.js';

const catalogue = Catalogue.load();
const listed = listProviders(catalogue);

function offered(slotId: string, component: string, provider: string): ListedOffering | undefined {
  const slot = listed.find(({ id }) => id === slotId)!;
  return slot.offerings.find((offering) => offering.component === component && offering.provider === provider);
}

describe('the list of providers', () => {
  it('has every provider, component, model, voice and alias of the catalogue', () => {
    const all = listed.flatMap(({ offerings }) => offerings);
    for (const { component, provider, aliases = [], models, voices } of catalogue.offerings) {
      const own = all.filter((offering) => offering.component === component && offering.provider === provider);
      expect(own.length).toBeGreaterThan(0);
      expect(own.flatMap((offering) => offering.models.map(({ id }) => id)).toSorted()).toEqual(
        models.map(({ id }) => id).toSorted(),
      );
      expect(own.flatMap((offering) => offering.models).filter((model) => model.default)).toHaveLength(
        Math.min(models.length, 1),
      );
      for (const offering of own) {
        expect(offering.aliases).toEqual(aliases);
        expect(offering.voices?.known).toEqual(voices?.known);
      }
    }
  });

  it('names what an assistant has to say', () => {
    expect(offered('elevenlabs', 'tts', 'elevenlabs')).toMatchObject({
      aliases: ['11labs'],
      realtime: false,
      voices: { known: [], default: null, free_text: true },
    });
    expect(offered('elevenlabs', 'stt', 'elevenlabs')?.models).toEqual([
      { id: 'scribe_v2_realtime', name: 'Scribe v2 Realtime', default: true },
    ]);
    expect(offered('openai', 'llm', 'openai_live')).toMatchObject({ realtime: true, voices: { free_text: false } });
    expect(offered('openai', 'postcall_llm', 'openai')).toMatchObject({ default: true });
    expect(offered('xai', 'tts', 'xai')).toMatchObject({ models: [], voices: { default: 'ara' } });
    expect(offered('deepgram', 'llm', 'openai')).toBeUndefined();
  });

  it('has the models of a provider with two slots each where its key is, and the default there only', () => {
    const idsOf = (slotId: string, component: string, provider: string): string[] =>
      offered(slotId, component, provider)!.models.map((model) => `${model.id}${model.default ? '*' : ''}`);
    expect(idsOf('google_vertex', 'tts', 'google')).toEqual(['chirp-3-hd']);
    expect(idsOf('google', 'tts', 'google')).toContain('gemini-3.1-flash-tts-preview*');
    expect(idsOf('google_vertex', 'llm', 'google_realtime')).toEqual(['gemini-live-2.5-flash-native-audio*']);
    expect(idsOf('google', 'llm', 'google_realtime')).toContain('gemini-3.8-live');
    const google = listed.find(({ id }) => id === 'google')!;
    expect(google.models).toHaveLength(3);
    expect(google.models.filter((model) => model.default)).toEqual([]);
  });
});
