import { describe, expect, it } from '@jest/globals';
import type { FallbackPolicy, SlotSnapshot } from '#libs/keystore';
import { decideSource, type KeyUse } from './source-decision.js';

type Condition = 'usable' | 'missing' | 'revoked' | 'quarantined' | 'expired';

const withCurrent = (name: string): Partial<SlotSnapshot> => ({ current: { version: 1, secretId: name } });

function slotThatIs(condition: Condition, name: string, fallback: FallbackPolicy = 'when_missing'): SlotSnapshot {
  const slot = { organizationId: name, provider: 'openai', epoch: 1, fallback, expired: false, shared: false };
  switch (condition) {
    case 'usable':
      return { ...slot, state: 'active', ...withCurrent(name) };
    case 'missing':
      return { ...slot, state: 'empty' };
    case 'revoked':
      return { ...slot, state: 'revoked' };
    case 'quarantined':
      return { ...slot, state: 'quarantined', ...withCurrent(name) };
    case 'expired':
      return { ...slot, state: 'active', expired: true, ...withCurrent(name) };
  }
}

/** The tenant's slot, its policy, then the outcome with a usable platform key and without one. */
const table: [Condition, FallbackPolicy, withPlatform: string, without: string][] = [
  ['usable', 'never', 'tenant', 'tenant'],
  ['usable', 'when_missing', 'tenant', 'tenant'],
  ['usable', 'when_unusable', 'tenant', 'tenant'],
  ['missing', 'never', 'no_key', 'no_key'],
  ['missing', 'when_missing', 'platform', 'no_platform_key'],
  ['missing', 'when_unusable', 'platform', 'no_platform_key'],
  ['revoked', 'never', 'revoked', 'revoked'],
  ['revoked', 'when_missing', 'revoked', 'revoked'],
  ['revoked', 'when_unusable', 'platform', 'revoked'],
  ['quarantined', 'never', 'quarantined', 'quarantined'],
  ['quarantined', 'when_missing', 'quarantined', 'quarantined'],
  ['quarantined', 'when_unusable', 'platform', 'quarantined'],
  ['expired', 'never', 'expired', 'expired'],
  ['expired', 'when_missing', 'expired', 'expired'],
  ['expired', 'when_unusable', 'platform', 'expired'],
];

const unusable: Condition[] = ['missing', 'revoked', 'quarantined', 'expired'];

function outcomeOf(
  tenant: SlotSnapshot,
  platform: SlotSnapshot | undefined,
  more: { parent?: SlotSnapshot; use?: Partial<KeyUse> } = {},
): string {
  const decision = decideSource({ tenant, parent: more.parent, platform }, { model: null, ...more.use });
  if ('reason' in decision) return decision.reason;
  expect(decision.slot.current.secretId).toBe(decision.source);
  return decision.source;
}

describe('whose key a component runs on', () => {
  it.each(table)('a tenant key that is %s, policy %s: with a platform key %s, without %s', (...row) => {
    const [condition, fallback, withPlatform, without] = row;
    const tenant = slotThatIs(condition, 'tenant', fallback);
    expect(outcomeOf(tenant, slotThatIs('usable', 'platform'))).toBe(withPlatform);
    expect(outcomeOf(tenant, undefined)).toBe(without);
    for (const platform of unusable) expect(outcomeOf(tenant, slotThatIs(platform, 'platform'))).toBe(without);
  });

  it.each(table)(
    'a tenant key that is %s, policy %s: the agency’s key is used where the platform’s would be',
    (...row) => {
      const [condition, fallback, withPlatform, without] = row;
      const tenant = slotThatIs(condition, 'tenant', fallback);
      const shared = { ...slotThatIs('usable', 'inherited'), shared: true };
      const expected = withPlatform === 'platform' ? 'inherited' : withPlatform;
      expect(outcomeOf(tenant, slotThatIs('usable', 'platform'), { parent: shared })).toBe(expected);
      expect(outcomeOf(tenant, undefined, { parent: { ...shared, shared: false } })).toBe(without);
      for (const parent of unusable) {
        expect(outcomeOf(tenant, undefined, { parent: { ...slotThatIs(parent, 'inherited'), shared: true } })).toBe(
          without,
        );
      }
    },
  );

  it('a model that the tenant’s slot does not allow gets no key at all, whatever the policy', () => {
    for (const condition of ['usable', ...unusable] as const) {
      const tenant = { ...slotThatIs(condition, 'tenant', 'when_unusable'), allowedModels: ['small'] };
      const platform = slotThatIs('usable', 'platform');
      expect(outcomeOf(tenant, platform, { use: { model: 'large' } })).toBe('model_not_allowed');
      expect(outcomeOf(tenant, platform, { use: { model: 'small' } })).toMatch(/tenant|platform/);
      expect(outcomeOf(tenant, platform, { use: { model: null } })).toMatch(/tenant|platform/);
    }
  });

  it('a slot that is bound to a region gives its key to calls there and to calls that name none', () => {
    const tenant = { ...slotThatIs('usable', 'tenant', 'when_unusable'), region: 'eu' };
    const platform = slotThatIs('usable', 'platform');
    expect(outcomeOf(tenant, platform, { use: { region: 'us' } })).toBe('region_mismatch');
    expect(outcomeOf(tenant, platform, { use: { region: 'eu' } })).toBe('tenant');
    expect(outcomeOf(tenant, platform)).toBe('tenant');
  });

  it('another’s key is bound by the limits of its own slot', () => {
    const tenant = slotThatIs('missing', 'tenant');
    const parent = { ...slotThatIs('usable', 'inherited'), shared: true, allowedModels: ['small'] };
    const platform = { ...slotThatIs('usable', 'platform'), region: 'eu' };
    expect(outcomeOf(tenant, platform, { parent, use: { model: 'large' } })).toBe('platform');
    expect(outcomeOf(tenant, platform, { parent, use: { model: 'large', region: 'us' } })).toBe('no_platform_key');
  });

  it('says why another’s key was used', () => {
    const platform = slotThatIs('usable', 'platform');
    for (const [condition, reason] of [
      ['missing', 'no_key'],
      ['revoked', 'revoked'],
      ['expired', 'expired'],
    ] as const) {
      const tenant = slotThatIs(condition, 'tenant', 'when_unusable');
      expect(decideSource({ tenant, platform }, { model: null })).toMatchObject({ fallbackReason: reason });
    }
  });

  it('the platform’s own policy decides nothing for others', () => {
    for (const fallback of ['never', 'when_missing', 'when_unusable'] as const) {
      expect(outcomeOf(slotThatIs('missing', 'tenant'), slotThatIs('usable', 'platform', fallback))).toBe('platform');
    }
  });
});
