import { randomUUID } from 'node:crypto';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Catalogue } from '#libs/catalogue';
import type { CallConfig } from '#libs/contracts';
import { cryptoReady } from '#libs/crypto';
import { AppError } from '#libs/errors';
import { platformOrganizationId, type AssistantConfigStore } from '#libs/keystore';
import type { CallToDecide } from './call-needs.js';
import { OpenedKeyCache } from './opened-key.cache.js';
import { ResolutionService } from './resolution.service.js';
import { SlotReader, type SlotRef } from './slot-reader.js';
import { SpecSlots } from './spec-slots.js';

const config: CallConfig = {
  stt_config: { provider: 'deepgram', model: 'nova-3' },
  llm_config: { provider: 'openai', model: 'gpt-5.4' },
  tts_config: { provider: 'elevenlabs', model: 'eleven_flash_v2_5' },
};
const providers = ['deepgram', 'openai', 'elevenlabs'];

describe('ResolutionService', () => {
  let slots: SpecSlots;
  let opened: OpenedKeyCache;
  let unopenable: SlotRef[];
  let service: ResolutionService;
  let acme: string;
  let assistants: Map<string, CallConfig>;
  const assistantStore = {
    read: async (refs) => refs.map((ref) => assistants.get(`${ref.organizationId}/${ref.assistantId}`)),
  } as Pick<AssistantConfigStore, 'read'> as AssistantConfigStore;

  beforeAll(cryptoReady);
  beforeEach(() => {
    slots = new SpecSlots();
    slots.addOrganization({ id: platformOrganizationId });
    acme = slots.addOrganization();
    opened = new OpenedKeyCache();
    unopenable = [];
    const reader = new SlotReader(slots.snapshots, slots.tenantKeks, opened, (slot) => unopenable.push(slot));
    assistants = new Map();
    service = new ResolutionService(Catalogue.load(), reader, assistantStore);
  });
  afterEach(() => opened.close());

  const call = (more: Partial<CallToDecide> = {}): CallToDecide => ({ organizationId: acme, config, ...more });
  const putAll = (organizationId: string, prefix: string): void =>
    providers.forEach((provider) => slots.put(organizationId, provider, { apiKey: `${prefix}-${provider}` }));

  /** For each call what each component got: `source key`, or why nothing; or the code of the error. */
  const decide = (requests: CallToDecide[]): Promise<(string | Record<string, string>)[]> =>
    service.decide(requests, (calls) =>
      calls.map((decided) =>
        decided instanceof AppError
          ? decided.code
          : Object.fromEntries(
              decided.components.map((component) => [
                component.need.component,
                'reason' in component
                  ? component.reason
                  : `${component.source} ${component.apiKey.use((bytes) => bytes.toString())}`,
              ]),
            ),
      ),
    );

  it('every component of a call gets the organization’s own key, in the order of the catalogue', async () => {
    putAll(acme, 'own');
    const [decided] = await decide([call()]);
    expect(decided).toEqual({ stt: 'tenant own-deepgram', llm: 'tenant own-openai', tts: 'tenant own-elevenlabs' });
    expect(Object.keys(decided!)).toEqual(['stt', 'llm', 'tts']);
  });

  it('any number of calls is one round trip that asks for each slot once', async () => {
    const others = [slots.addOrganization(), slots.addOrganization()];
    for (const id of [acme, ...others]) putAll(id, id);
    const calls = Array.from({ length: 60 }, (_, index) => call({ organizationId: [acme, ...others][index % 3]! }));
    const decided = await decide(calls);
    calls.forEach(({ organizationId }, index) => {
      expect(decided[index]).toMatchObject({ stt: `tenant ${organizationId}-deepgram` });
    });
    expect(slots.asked).toHaveLength(1);
    expect(slots.asked[0]).toHaveLength(4 * providers.length);
  });

  it('the platform’s key takes the place of a missing one', async () => {
    putAll(platformOrganizationId, 'platform');
    slots.put(acme, 'openai', { apiKey: 'own-openai' });
    slots.put(acme, 'elevenlabs', { fallback: 'never' });
    expect(await decide([call()])).toEqual([
      { stt: 'platform platform-deepgram', llm: 'tenant own-openai', tts: 'no_key' },
    ]);
  });

  it('an organization that does not exist is an error of that call and spoils no other of the slice', async () => {
    putAll(acme, 'own');
    const nobody = randomUUID();
    const decided = await decide([
      call({ organizationId: nobody }),
      call(),
      call({ organizationId: nobody, config: {} }),
    ]);
    expect(decided).toEqual([
      'organization_not_found',
      expect.objectContaining({ llm: 'tenant own-openai' }),
      'organization_not_found',
    ]);
  });

  it('a call that needs no key is decided: nothing is missing', async () => {
    expect(await decide([call({ config: {} }), call({ config: undefined })])).toEqual([{}, {}]);
  });

  it('an unknown provider is unresolved, the other components are not', async () => {
    putAll(acme, 'own');
    const odd = { ...config, llm_config: { provider: 'nobody', model: 'm' }, tts_config: { provider: 7 } };
    expect(await decide([call({ config: odd })])).toEqual([
      { stt: 'tenant own-deepgram', llm: 'unknown_provider', tts: 'unknown_provider' },
    ]);
  });

  it('an assistant says what the call does not, section by section', async () => {
    putAll(acme, 'own');
    slots.put(acme, 'xai', { apiKey: 'own-xai' });
    assistants.set(`${acme}/asst`, { ...config, llm_config: { provider: 'xai' } });
    const whole = { stt: 'tenant own-deepgram', llm: 'tenant own-xai', tts: 'tenant own-elevenlabs' };
    expect(
      await decide([
        call({ assistantId: 'asst', config: undefined }),
        call({ assistantId: 'asst', config: { llm_config: { provider: 'openai' }, stt_config: null } }),
        call({ config: { llm_config: { provider: 'openai' } } }),
      ]),
    ).toEqual([whole, { llm: 'tenant own-openai', tts: 'tenant own-elevenlabs' }, { llm: 'tenant own-openai' }]);
  });

  it('an assistant that the organization does not have leaves open what the call does not name, and says why', async () => {
    putAll(acme, 'own');
    assistants.set(`${slots.addOrganization()}/asst`, config);
    const absent = 'assistant_not_found';
    expect(
      await decide([
        call({ assistantId: 'asst', config: undefined }),
        call({ assistantId: 'asst', config: { stt_config: { provider: 'deepgram' } } }),
        call({ assistantId: 'asst' }),
      ]),
    ).toEqual([
      { stt: absent, llm: absent, tts: absent },
      { stt: 'tenant own-deepgram', llm: absent, tts: absent },
      { stt: 'tenant own-deepgram', llm: 'tenant own-openai', tts: 'tenant own-elevenlabs' },
    ]);
  });

  it('hands back the configuration it decided by, and whether an assistant was missing', async () => {
    putAll(acme, 'own');
    assistants.set(`${acme}/asst`, { stt_config: { provider: 'deepgram' } });
    const asked = [call({ assistantId: 'asst', config: { llm_config: null } }), call({ assistantId: 'other' }), call()];
    const decided = await service.decide(asked, (calls) =>
      calls.map((one) => (one instanceof AppError ? one : { ...one })),
    );
    expect(decided).toMatchObject([
      { assistantMissing: false, config: { stt_config: { provider: 'deepgram' }, llm_config: null } },
      { assistantMissing: true, config },
      { assistantMissing: false, config },
    ]);
  });

  it('an agency’s shared key takes the place of a missing one, before the platform’s and at once', async () => {
    const agency = slots.addOrganization();
    const child = slots.addOrganization({ parentId: agency });
    putAll(platformOrganizationId, 'platform');
    slots.put(agency, 'openai', { apiKey: 'agency-openai', shared: true });
    slots.put(agency, 'deepgram', { apiKey: 'agency-deepgram' });
    slots.put(child, 'elevenlabs', { apiKey: 'child-elevenlabs' });
    const got = [{ stt: 'platform platform-deepgram', llm: 'inherited agency-openai', tts: 'tenant child-elevenlabs' }];
    expect(await decide([call({ organizationId: child })])).toEqual(got);
    expect(await decide([call({ organizationId: child })])).toEqual(got);
    slots.put(agency, 'openai', { state: 'revoked', shared: true });
    expect(await decide([call({ organizationId: child })])).toMatchObject([{ llm: 'platform platform-openai' }]);
  });

  it('a sealed organization’s keys are unresolved and nobody is moved to the platform’s bill for it', async () => {
    putAll(acme, 'own');
    putAll(platformOrganizationId, 'platform');
    slots.seal(acme);
    const other = slots.addOrganization();
    const [sealed, platform] = await decide([call(), call({ organizationId: other })]);
    expect(sealed).toEqual({ stt: 'sealed', llm: 'sealed', tts: 'sealed' });
    expect(platform).toMatchObject({ llm: 'platform platform-openai' });
  });

  it('one key that does not open spoils neither its call nor the slice, and is reported', async () => {
    const other = slots.addOrganization();
    putAll(acme, 'own');
    putAll(other, 'other');
    slots.damage(acme, 'openai');
    const [damaged, fine] = await decide([call(), call({ organizationId: other })]);
    expect(damaged).toEqual({ stt: 'tenant own-deepgram', llm: 'sealed', tts: 'tenant own-elevenlabs' });
    expect(fine).toMatchObject({ llm: 'tenant other-openai' });
    expect(new Set(unopenable.map(({ provider }) => provider))).toEqual(new Set(['openai']));
  });

  it('an opened key is not asked for again, but the primary still says which version is current', async () => {
    putAll(acme, 'own');
    await decide([call()]);
    await decide([call()]);
    expect(slots.asked[1]!.filter(({ heldVersion }) => heldVersion === 1)).toHaveLength(providers.length);
    slots.put(acme, 'openai', { apiKey: 'newer', version: 2 });
    expect((await decide([call()]))[0]).toMatchObject({ llm: 'tenant newer' });
    slots.put(acme, 'openai', { state: 'revoked' });
    expect((await decide([call()]))[0]).toMatchObject({ llm: 'revoked' });
  });

  it('a key that leaves the cache while the query is on its way is asked for once more and decided all the same', async () => {
    putAll(acme, 'own');
    await decide([call()]);
    slots.onTheWay = () => {
      slots.onTheWay = () => undefined;
      opened.set(acme, 'openai', 99, opened.get(acme, 'openai', 1)!);
    };
    expect((await decide([call()]))[0]).toMatchObject({ llm: 'tenant own-openai', stt: 'tenant own-deepgram' });
    expect(slots.asked).toHaveLength(3);
    expect(slots.asked[2]!.every(({ heldVersion }) => heldVersion === undefined)).toBe(true);
  });
});
