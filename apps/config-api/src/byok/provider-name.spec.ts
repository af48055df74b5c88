import { describe, expect, it } from '@jest/globals';
import { Catalogue } from '#libs/catalogue';
import type { AppError } from '#libs/errors';
import { assertProvider } from './provider-name.js';

const catalogue = Catalogue.load();
const ids = catalogue.slots.map(({ id }) => id);

function refusalOf(provider: string): AppError {
  try {
    assertProvider(catalogue, provider);
  } catch (error) {
    return error as AppError;
  }
  throw new Error('it was not refused');
}

describe('the name of a provider', () => {
  it.each(ids)('%s is known', (id) => expect(() => assertProvider(catalogue, id)).not.toThrow());

  it('that is none is refused with those that are, and is not repeated', () => {
    const { message, details } = refusalOf('sk-abcdefghijkl');
    expect(message).toBe(`There is no such provider. Use one of ${ids.join(', ')}.`);
    expect(details).toEqual(ids);
  });

  it.each([
    ['OpenAI', 'openai'],
    ['11labs', 'elevenlabs'],
    ['eleven-labs', 'elevenlabs'],
    ['openai_live', 'openai'],
    ['Mistral AI', 'mistral'],
    ['google-vertex', 'google_vertex'],
    ['Google Gemini', 'google_vertex'],
  ])('%s is refused with what was meant: %s', (written, id) => {
    expect(refusalOf(written).message).toContain(`did you mean ${id}? Use one of deepgram, `);
  });

  it.each(['', '---', '\u00e9'])('%j means nobody', (written) => {
    expect(refusalOf(written).message).not.toContain('mean');
  });
});
