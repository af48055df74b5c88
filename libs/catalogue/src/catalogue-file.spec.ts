import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import type { AppError } from '#libs/errors';
import { builtInCatalogue } from './catalogue.js';
import { Catalogue, readCatalogue } from './index.js';

const folder = mkdtempSync(join(tmpdir(), 'latchkey-catalogue-'));
afterAll(() => rmSync(folder, { recursive: true }));

const fileOf = (content: unknown): string => {
  const path = join(folder, `${Math.random()}.json`);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content, null, 2));
  return path;
};
const read = (content: unknown): Catalogue => readCatalogue(fileOf(content));
const problemsOf = (content: unknown): string[] => {
  try {
    read(content);
    return [];
  } catch (error) {
    expect(error).toMatchObject({ kind: 'invalid', code: 'invalid_configuration' });
    return (error as AppError).details ?? [];
  }
};
const slot = { id: 'acme_voice', name: 'Acme Voice', category: 'tts', docsUrl: 'https://acme.example/docs' };
const offering = {
  component: 'tts',
  provider: 'acme_voice',
  name: 'Acme Voice',
  slot: 'acme_voice',
  models: [{ id: 'acme-1', name: 'Acme 1', default: true }],
};

describe('a catalogue file', () => {
  it('that extends the built-in catalogue adds to it and leaves the rest as it is', () => {
    const catalogue = read({ extends: 'built-in', slots: [slot], offerings: [offering] });
    const builtIn = Catalogue.load();
    expect(catalogue.slots).toEqual([...builtIn.slots, slot]);
    expect(catalogue.offerings).toEqual([...builtIn.offerings, offering]);
    expect(catalogue.needsOf({ tts_config: { provider: 'acme_voice' } })).toMatchObject([
      { slot: 'acme_voice', model: 'acme-1' },
    ]);
    expect(read({ extends: 'built-in' }).offerings).toEqual(builtIn.offerings);
  });

  it('changes of an entry only what it names: a field, a model, the default', () => {
    const models = [
      { id: 'gpt-7', name: 'GPT-7', default: true },
      { id: 'gpt-5', name: 'GPT-5 (old)' },
    ];
    const catalogue = read({
      extends: 'built-in',
      slots: [{ id: 'openai', docsUrl: 'https://intranet.example/keys' }],
      offerings: [
        { component: 'llm', provider: 'openai', models },
        { ...offering, component: 'postcall_llm', slot: 'openai', default: true },
      ],
    });
    expect(catalogue.findSlot('openai')).toMatchObject({ name: 'OpenAI', docsUrl: 'https://intranet.example/keys' });
    const openai = catalogue.offerings.find(({ component, provider }) => component === 'llm' && provider === 'openai')!;
    expect(openai.models.filter((model) => model.default)).toEqual([models[0]]);
    expect(openai.models.find(({ id }) => id === 'gpt-5')).toEqual(models[1]);
    expect(openai.models).toHaveLength(17);
    expect(catalogue.needsOf({ llm_config: { provider: 'openai' }, analysis_plan: {} })).toMatchObject([
      { model: 'gpt-7' },
      { provider: 'acme_voice' },
    ]);
  });

  it('without "extends" takes the place of the built-in catalogue', () => {
    const { slots, offerings } = builtInCatalogue();
    const catalogue = read({ slots: [...slots, slot], offerings });
    expect(catalogue.slots.map(({ id }) => id)).toContain('acme_voice');
    expect(problemsOf({ slots: [slot], offerings: [offering] })).toContain(
      'LATCHKEY_CATALOGUE: 10:16: offerings: nobody offers stt',
    );
  });

  it.each([
    ['{"slots": [,]}', '1:12: is not JSON (value expected)'],
    ['{\n  "slots": [],\n}', '3:1: is not JSON (property name expected)'],
    ['{\n  // mine\n}', '2:3: is not JSON (invalid comment token)'],
    ['', '1:1: is not JSON (value expected)'],
    ['{\n "slots": [],\n  "slots": []}', '3:3: "slots" is given twice'],
    ['{"extends":\n "other"}', '2:2: extends: must be "built-in"'],
    ['[]', '1:1: (top): '],
  ])('%j is refused with line and column', (text, problem) => {
    expect(problemsOf(text)[0]).toContain(`LATCHKEY_CATALOGUE: ${problem}`);
  });

  it('is refused with the place in the file of everything that is wrong', () => {
    const text = `{
  "extends": "built-in",
  "slots": [
    { "id": "mistral", "docsUrl": "http://acme.example" },
    { "id": "acme_voice", "name": "Acme", "category": "fax" },
    7
  ],
  "offerings": [
    { "component": "llm", "provider": "openai", "colour": 1,
      "models": [{ "id": "gpt-5", "name": "" }, { "id": "gpt-7" }] }
  ]
}`;
    expect(problemsOf(text)).toEqual([
      expect.stringMatching(/^LATCHKEY_CATALOGUE: 4:35: slots\[0\]\.docsUrl: /),
      expect.stringMatching(/^LATCHKEY_CATALOGUE: 5:55: slots\[1\]\.category: /),
      expect.stringMatching(/^LATCHKEY_CATALOGUE: 5:5: slots\[1\]\.docsUrl: /),
      expect.stringMatching(/^LATCHKEY_CATALOGUE: 6:5: slots\[2\]: /),
      expect.stringMatching(/^LATCHKEY_CATALOGUE: 10:43: offerings\[0\]\.models\[0\]\.name: /),
      expect.stringMatching(/^LATCHKEY_CATALOGUE: 10:49: offerings\[0\]\.models\[1\]\.name: /),
      'LATCHKEY_CATALOGUE: 9:59: offerings[0].colour: is not a known field',
    ]);
  });

  it('is refused where its parts contradict each other or the built-in ones', () => {
    const text = `{ "extends": "built-in",
 "offerings": [
  { "component": "tts", "provider": "acme", "name": "A", "slot": "gone", "models": [], "aliases": ["11labs"] },
  { "component": "tts", "provider": "acme", "name": "A", "slot": "xai", "models": [] }
 ]}`;
    expect(problemsOf(text)).toEqual([
      'LATCHKEY_CATALOGUE: 3:100: offerings[0].aliases[0]: "tts 11labs" is already taken by the built-in offerings[12].aliases[0]',
      'LATCHKEY_CATALOGUE: 4:37: offerings[1].provider: "tts acme" is already taken by offerings[0].provider',
      'LATCHKEY_CATALOGUE: 3:66: offerings[0].slot: no slot is called "gone"',
    ]);
  });

  it('that cannot be read is named, and by which variable', () => {
    const path = join(folder, 'absent.json');
    expect(() => readCatalogue(path)).toThrow(`problem(s):\n  - LATCHKEY_CATALOGUE: ${path} cannot be read (ENOENT)`);
  });
});
