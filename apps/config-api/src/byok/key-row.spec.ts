import { describe, expect, it } from '@jest/globals';
import { KeySlot, KeyVersion, type SlotOverview } from '#libs/keystore';
import { keyRowOf } from './key-row.js';
import type { SlotSurroundings } from './without-key.js';

const now = new Date('2026-11-20T12:00:00Z');
const before = new Date('2026-11-20T11:59:59Z');

const around = (platformHasKey: boolean, agencyShares = false): SlotSurroundings => ({
  defaultFallback: 'when_missing',
  agencyShares,
  platformHasKey,
});

function overview(slot: Partial<KeySlot>): SlotOverview {
  const current = { version: 2, secretId: 'two', fingerprint: Buffer.alloc(16), createdAt: before, liveCalls: 0 };
  const previous = { ...current, version: 1, secretId: 'one', liveCalls: 3 };
  const oldest = { ...current, version: 0, secretId: 'zero' };
  return {
    slot: Object.assign(new KeySlot(), {
      provider: 'openai',
      state: 'active',
      currentVersion: 2,
      fallback: 'when_missing',
      epoch: 7,
      ...slot,
    }),
    lastUsedAt: null,
    versions: [current, previous, oldest].map((version) => Object.assign(new KeyVersion(), version)),
  };
}

describe('the row of a slot', () => {
  it('an active key whose time has passed reads expired, and nobody is moved to another bill', () => {
    expect(keyRowOf('openai', overview({ expiresAt: now }), around(true), now)).toMatchObject({
      state: 'expired',
      without_key: 'unresolved',
    });
    expect(keyRowOf('openai', overview({ expiresAt: now }), around(true), before)).toMatchObject({
      state: 'active',
      without_key: 'platform',
    });
  });

  it.each([
    ['never written, platform has a key', undefined, true, 'platform'],
    ['never written, platform has none', undefined, false, 'no_platform_key'],
    ['active, never', { fallback: 'never' }, true, 'unresolved'],
    ['active, when_missing', { fallback: 'when_missing' }, true, 'platform'],
    ['revoked, when_missing', { state: 'revoked', currentVersion: null }, true, 'unresolved'],
    ['revoked, when_unusable', { state: 'revoked', currentVersion: null, fallback: 'when_unusable' }, true, 'platform'],
  ] as const)('%s: says what a call gets', (_, slot, platformHasKey, expected) => {
    const row = keyRowOf('openai', slot && overview(slot), around(platformHasKey), now);
    expect(row.without_key).toBe(expected);
  });

  it('the agency’s shared key comes before the platform’s', () => {
    expect(keyRowOf('openai', overview({}), around(true, true), now).without_key).toBe('inherited');
    expect(keyRowOf('openai', overview({ fallback: 'never' }), around(true, true), now).without_key).toBe('unresolved');
  });

  it('without a policy of its own the slot follows the organization’s default', () => {
    const never = { ...around(true), defaultFallback: 'never' as const };
    expect(keyRowOf('openai', overview({ fallback: null }), never, now)).toMatchObject({
      fallback: 'never',
      without_key: 'unresolved',
    });
  });

  it('shows the live calls of the current version and of every other that still has some', () => {
    expect(keyRowOf('openai', overview({}), around(false), now).live_calls_by_version).toEqual([
      { version: 2, secret_id: 'two', live_calls: 0 },
      { version: 1, secret_id: 'one', live_calls: 3 },
    ]);
  });
});
