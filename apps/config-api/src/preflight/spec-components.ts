import type { ComponentName } from '#libs/contracts';
import type { SlotSnapshot } from '#libs/keystore';
import type { UndecidedComponent } from '#libs/resolution';
import type { KeylessKey } from './keyless-call.js';

/** A slot of the organization `org` with a key, or what is unusual about it, for specs. */
export function specSlot(unusual: Partial<SlotSnapshot> = {}): SlotSnapshot {
  const organizationId = unusual.organizationId ?? 'org';
  const slot: SlotSnapshot = {
    organizationId,
    provider: 'elevenlabs',
    epoch: 1,
    state: 'active',
    fallback: 'when_missing',
    expired: false,
    shared: false,
    ...unusual,
  };
  return slot.state === 'active' ? { ...slot, current: { version: 1, secretId: `secret-${organizationId}` } } : slot;
}

/** A component that got the key of `slot`, for specs. */
export function specKey(
  slot: SlotSnapshot,
  { component = 'tts', ...more }: Partial<KeylessKey> & { component?: ComponentName } = {},
): KeylessKey {
  return {
    need: neededBy(component, slot.provider),
    candidates: { tenant: slot, parent: undefined, platform: undefined },
    source: 'tenant',
    snapshot: slot as KeylessKey['snapshot'],
    ...more,
  };
}

/** A component that got no key because of its own slot, for specs. */
export function specUndecided(slot: SlotSnapshot, reason: UndecidedComponent['reason']): UndecidedComponent {
  return { need: neededBy('tts', slot.provider), candidates: { tenant: slot }, reason };
}

function neededBy(component: ComponentName, slot: string): KeylessKey['need'] {
  return { kind: 'needed', component, provider: slot, slot, model: 'eleven_flash_v2_5' };
}
