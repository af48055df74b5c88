import { z } from 'zod';

/** Every way in which the key of a slot can change. */
export const keyChanges = [
  'added',
  'rotated',
  'rolled_back',
  'revoked',
  'removed',
  'quarantined',
  'released',
  'policy_changed',
] as const;
export type KeyChange = (typeof keyChanges)[number];

/** `byok.key.changed.v1`: for speed and for others, never in the safety path. Apply the highest epoch, ignore lower ones. */
export const keyChangedSchema = z.object({
  organization_id: z.uuid(),
  provider: z.string(),
  change: z.enum(keyChanges),
  epoch: z.int().positive(),
  /** The version that is current after the change; null when there is none. */
  secret_id: z.uuid().nullable(),
  changed_at: z.iso.datetime(),
});
export type KeyChanged = z.infer<typeof keyChangedSchema>;
