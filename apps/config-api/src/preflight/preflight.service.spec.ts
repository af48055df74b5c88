import { beforeEach, describe, expect, it } from '@jest/globals';
import { AppError } from '#libs/errors';
import type { KeyVerdictStore, SlotSnapshot, SlotSnapshotStore } from '#libs/keystore';
import type { DecidedCall, ResolutionService } from '#libs/resolution';
import type { ConfigFindings } from './config-findings.js';
import type { KeylessCall } from './keyless-call.js';
import { PreflightService } from './preflight.service.js';
import { specKey, specSlot } from './spec-components.js';

describe('a preflight', () => {
  let asked: string[];
  let decided: Partial<KeylessCall> | AppError;

  const resolution = {
    decide: async (calls, use) => {
      const [request] = calls;
      const whole = { request, config: {}, assistantMissing: false, components: [], ...decided };
      return use([decided instanceof AppError ? decided : (whole as DecidedCall<never>)]);
    },
  } as Pick<ResolutionService, 'decide'> as ResolutionService;
  const snapshots = {
    read: async (questions): Promise<SlotSnapshot[]> => {
      asked.push(...questions.map(({ organizationId, provider }) => `slot ${organizationId}/${provider}`));
      return questions.map((question) => specSlot({ ...question, shared: true }));
    },
  } as Pick<SlotSnapshotStore, 'read'> as SlotSnapshotStore;
  const verdicts = {
    findBySecretIds: async (ids) => {
      asked.push(...ids.map((id) => `verdict ${id}`));
      return new Map();
    },
  } as Pick<KeyVerdictStore, 'findBySecretIds'> as KeyVerdictStore;
  const findings = { of: async () => [] } as unknown as ConfigFindings;
  const service = new PreflightService(resolution, { snapshots, verdicts }, findings);
  const check = (): ReturnType<PreflightService['check']> => service.check({ organizationId: 'org' }, false);

  beforeEach(() => {
    asked = [];
  });

  it('reads nothing of an agency that is not there, or that the decision has read', async () => {
    const tenant = specSlot({ state: 'empty', parentId: 'agency' });
    const parent = specSlot({ organizationId: 'agency', shared: true });
    decided = {
      components: [specKey(specSlot()), specKey(parent, { source: 'inherited', candidates: { tenant, parent } })],
    };
    expect((await check()).ready).toBe(true);
    expect(asked).toEqual(['verdict secret-org', 'verdict secret-agency']);
  });

  it('reads the slot of an agency that the decision did not need, to say what there is without the own key', async () => {
    decided = { components: [specKey(specSlot({ parentId: 'agency' }))] };
    expect((await check()).components).toMatchObject([{ source: 'tenant', without_key: 'inherited' }]);
    expect(asked).toEqual(['slot agency/elevenlabs', 'verdict secret-org']);
  });

  it('of a call that needs no keys is not ready and says why', async () => {
    decided = { components: [] };
    expect(await check()).toMatchObject({
      ready: false,
      components: [],
      reasons: [expect.stringMatching(/^nothing_configured: /)],
    });
  });

  it('with an assistant that is not there is not found, however much the call itself names', async () => {
    decided = { assistantMissing: true, components: [specKey(specSlot())] };
    await expect(check()).rejects.toMatchObject({ kind: 'not_found', code: 'not_found' });
  });

  it('of a call that cannot be decided fails as the call would', async () => {
    decided = new AppError('not_found', 'organization_not_found');
    await expect(check()).rejects.toMatchObject({ code: 'organization_not_found' });
  });
});
