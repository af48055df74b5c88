import { describe, expect, it } from '@jest/globals';
import type { FallbackPolicy } from './entities/key-slot.entity.js';
import { decideSource } from './resolution-decision.js';
import type { SlotSnapshot } from './slot-snapshot.store.js';

type Condition = 'usable' | 'missing' | 'revoked' | 'quarantined' | 'expired';

const withCurrent = (name: string): Partial<SlotSnapshot> => ({ current: { version: 1, secretId: name } });

function slotThatIs(condition: Condition, name: string, fallback: FallbackPolicy = 'when_missing'): SlotSnapshot {
  const slot = { organizationId: name, provider: 'openai', epoch: 1, fallback, expired: false };
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

function outcomeOf(tenant: SlotSnapshot, platform: SlotSnapshot | undefined): string {
  const decision = decideSource(tenant, platform);
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

  it('the platform’s own policy decides nothing for others', () => {
    for (const fallback of ['never', 'when_missing', 'when_unusable'] as const) {
      expect(outcomeOf(slotThatIs('missing', 'tenant'), slotThatIs('usable', 'platform', fallback))).toBe('platform');
    }
  });
});
