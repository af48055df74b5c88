import { describe, expect, it } from '@jest/globals';
import type { StoredVerdict } from '#libs/keystore';
import type { KeylessComponent } from './keyless-call.js';
import { preflightComponent, type ComponentSurroundings } from './preflight-component.js';
import type { PreflightComponent } from './preflight.schema.js';
import { specKey, specSlot, specUndecided } from './spec-components.js';

const validatedAt = new Date('2026-11-01T00:00:00Z');

function row(decided: KeylessComponent, more: Partial<ComponentSurroundings> = {}): PreflightComponent {
  const nothing = { region: undefined, agencySlots: new Map(), verdicts: new Map(), findings: [] };
  return preflightComponent(decided, { ...nothing, ...more });
}

/** The row of a component whose key has this verdict. */
function judged(verdict: Partial<StoredVerdict>): PreflightComponent {
  const said = { verdict: 'valid', capabilities: {}, validatedAt, ...verdict };
  return row(specKey(specSlot()), { verdicts: new Map([['secret-org', said]]) });
}

const codesOf = ({ ready, reasons, warnings }: PreflightComponent): unknown => ({
  ready,
  reasons: reasons.map(({ code }) => code),
  warnings: warnings.map(({ code }) => code),
});

describe('a component whose own key cannot be used', () => {
  const expired = specSlot({ expired: true, fallback: 'when_unusable', state: 'active' });
  const platform = specSlot({ organizationId: 'platform' });

  it('says that another’s takes its place, unless there never was one', () => {
    const key = { source: 'platform' as const, candidates: { tenant: expired }, fallbackReason: 'expired' as const };
    expect(row(specKey(platform, key)).warnings[0]).toEqual({
      code: 'fallback',
      message: "Your own elevenlabs key is expired: the call would run on the platform's.",
    });
    const missing = { ...key, candidates: { tenant: specSlot({ state: 'empty' }) }, fallbackReason: 'no_key' as const };
    expect(codesOf(row(specKey(platform, missing)))).toMatchObject({ warnings: ['unverified'] });
  });

  it('says what its provider last said of it', () => {
    const said = { verdict: 'blocked', capabilities: {}, validatedAt };
    const undecided = specUndecided(specSlot({ expired: true }), 'expired');
    const told = row(undecided, { verdicts: new Map([['secret-org', said]]) });
    expect(told).toMatchObject({ ready: false, last_verdict: 'blocked', reasons: [{ code: 'expired' }], warnings: [] });
  });
});

describe('a component whose slot is bound to a region', () => {
  it('warns when no region is named', () => {
    const key = specKey(specSlot({ region: 'eu' }));
    const valid = { verdicts: new Map([['secret-org', { verdict: 'valid', capabilities: {}, validatedAt }]]) };
    expect(codesOf(row(key, valid))).toMatchObject({ ready: true, warnings: ['region_unnamed'] });
    expect(codesOf(row(key, { ...valid, region: 'eu' }))).toMatchObject({ ready: true, warnings: [] });
  });
});

describe('a component that gets a key', () => {
  it.each<[string, Partial<StoredVerdict>, reasons: string[], warnings: string[]]>([
    ['takes', { verdict: 'valid' }, [], []],
    ['refuses', { verdict: 'invalid' }, ['key_rejected'], []],
    ['has blocked', { verdict: 'blocked' }, ['key_rejected'], []],
    ['has no credit for', { verdict: 'out_of_credit' }, ['out_of_credit'], []],
    ['lets do this', { verdict: 'limited', capabilities: { tts: 'ok', stt: 'missing' } }, [], []],
    ['does not let do this', { verdict: 'limited', capabilities: { tts: 'missing' } }, ['missing_permission'], []],
    ['did not answer about', { verdict: 'unreachable' }, [], ['unverified']],
    ['had no time for', { verdict: 'rate_limited' }, [], ['unverified']],
    ['did not judge', { verdict: 'unverified' }, [], ['unverified']],
  ])('that its provider %s', (_, verdict, reasons, warnings) => {
    expect(codesOf(judged(verdict))).toEqual({ ready: reasons.length === 0, reasons, warnings });
  });

  it('names the permissions that are missing', () => {
    const verdict = { verdict: 'limited', capabilities: { tts: 'missing' }, missingPermissions: ['text_to_speech'] };
    expect(judged(verdict).reasons[0]?.message).toBe(
      'The elevenlabs key may not do what tts needs: it lacks text_to_speech.',
    );
  });

  it('says what was last said of it, and when', () => {
    expect(judged({ verdict: 'limited' })).toMatchObject({
      last_verdict: 'limited',
      last_validated: '2026-11-01T00:00:00.000Z',
    });
    expect(row(specKey(specSlot()))).toMatchObject({ last_verdict: null, last_validated: null });
  });

  it('is not ready with a finding that blocks, and warns of one that does not', () => {
    const findings = [
      { component: 'tts' as const, blocks: true, code: 'voice_not_found', message: 'm' },
      { component: 'tts' as const, blocks: false, code: 'voice_unchecked', message: 'n' },
    ];
    const warnings = ['unverified', 'voice_unchecked'];
    expect(codesOf(row(specKey(specSlot()), { findings }))).toEqual({
      ready: false,
      reasons: ['voice_not_found'],
      warnings,
    });
  });

  it('of another says whose it is and why', () => {
    const tenant = specSlot({ state: 'revoked', fallback: 'when_unusable', parentId: 'agency' });
    const parent = specSlot({ organizationId: 'agency', shared: true });
    const decided = specKey(parent, { source: 'inherited', fallbackReason: 'revoked', candidates: { tenant, parent } });
    expect(row(decided)).toMatchObject({
      ready: true,
      source: 'inherited',
      inherited_from: 'agency',
      fallback_reason: 'revoked',
      key_state: 'revoked',
      without_key: 'inherited',
    });
  });
});

describe('a component that gets no key', () => {
  it('says why, and nothing of a key', () => {
    const decided = row(specUndecided(specSlot({ expired: true }), 'expired'));
    expect(codesOf(decided)).toEqual({ ready: false, reasons: ['expired'], warnings: [] });
    expect(decided).toMatchObject({ source: null, secret_id: null, key_state: 'expired', without_key: 'unresolved' });
  });

  it('has no slot when no provider could be named', () => {
    const need = { kind: 'unknown', component: 'tts', provider: 'nobody', reason: 'unknown_provider' } as const;
    const expected = { slot: null, model: null, key_state: null, without_key: null, ready: false };
    expect(row({ need, reason: need.reason })).toMatchObject(expected);
  });
});

describe('what a call would get without the own key', () => {
  const tenant = specSlot({ parentId: 'agency' });
  const agency = specSlot({ organizationId: 'agency', shared: true });
  const platform = specSlot({ organizationId: 'platform' });
  const withoutKey = (
    candidates: Omit<NonNullable<KeylessComponent['candidates']>, 'tenant'>,
    more: Partial<ComponentSurroundings> = {},
  ): unknown => row(specKey(tenant, { candidates: { tenant, parent: undefined, ...candidates } }), more).without_key;

  it('is the agency’s key before the platform’s, if it is shared', () => {
    const agencySlots = new Map([['elevenlabs', agency]]);
    expect(withoutKey({ platform }, { agencySlots })).toBe('inherited');
    expect(withoutKey({ platform }, { agencySlots: new Map([['elevenlabs', { ...agency, shared: false }]]) })).toBe(
      'platform',
    );
    expect(withoutKey({})).toBe('no_platform_key');
  });

  it('is bound by the limits of the other’s slot', () => {
    const bound = { ...platform, region: 'eu' };
    expect(withoutKey({ platform: bound }, { region: 'eu' })).toBe('platform');
    expect(withoutKey({ platform: bound }, { region: 'us' })).toBe('no_platform_key');
    expect(withoutKey({ platform: { ...platform, allowedModels: ['eleven_v3'] } })).toBe('no_platform_key');
  });
});
