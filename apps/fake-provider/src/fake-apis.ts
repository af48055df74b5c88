import type { FakeApi } from './fake-api.js';
import { deepgram } from './providers/deepgram.js';
import { elevenlabs } from './providers/elevenlabs.js';
import { openai } from './providers/openai.js';
import { gladia, google, googleVertex, inworld, mistral } from './providers/others.js';
import { resend } from './providers/resend.js';
import { xai } from './providers/xai.js';

/** Every API that is played, by the slot whose keys it takes. */
export const fakeApis: ReadonlyMap<string, FakeApi> = new Map([
  ['deepgram', deepgram],
  ['openai', openai],
  ['elevenlabs', elevenlabs],
  ['inworld', inworld],
  ['resend', resend],
  ['xai', xai],
  ['gladia', gladia],
  ['mistral', mistral],
  ['google', google],
  ['google_vertex', googleVertex],
]);
