import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { configApiDocument } from '#apps/config-api';
import { ConfigApiFixture } from './config-api.fixture.js';
import { draftOf, operationsOf } from './fuzz.draft.js';
import { FuzzScene } from './fuzz.scene.js';

const document = configApiDocument();

/** The same requests in every run: what a run finds can be found again. */
const seed = 4;
const requestsPerOperation = 20;

describe('whatever is sent', () => {
  let api: ConfigApiFixture;
  const succeeded = new Set<string>();

  beforeAll(async () => {
    api = await ConfigApiFixture.start();
  });

  afterAll(() => api.stop());

  it.each(operationsOf(document))(
    '$method $path answers as the document tells, without an error of ours and without a key',
    async ({ method, path, operation }) => {
      const scene = await FuzzScene.furnish(api);
      const drafts = draftOf(document, operation, {
        api_key: fc.nat().map(() => api.plantKey('sk-')),
        provider: fc.constantFrom('openai', 'openai', 'elevenlabs', 'deepgram', 'nobody'),
      });
      const check = fc.asyncProperty(drafts, async (draft) => {
        const answer = await scene.send(method, path, draft);
        expect(answer.status).toBeLessThan(500);
        expect(api.holdsKey(answer.text)).toBe(false);
        if (answer.status < 300) succeeded.add(operation.operationId);
      });
      await fc.assert(check, { seed, numRuns: requestsPerOperation });
    },
  );

  it('nearly every operation was reached, not only its refusals', () => {
    expect(succeeded.size).toBeGreaterThan(operationsOf(document).length * 0.85);
  });

  it('no key is in a log line or an event either', () => {
    expect(api.leaks()).toEqual([]);
  });
});
