import { Column, Entity, PrimaryColumn } from 'typeorm';
import { bigintAsNumber } from './bigint.column.js';

/** What becomes of a call when the tenant's own key cannot be used: may the platform's key take its place? */
export const fallbackPolicies = ['never', 'when_missing', 'when_unusable'] as const;
export type FallbackPolicy = (typeof fallbackPolicies)[number];

export type SlotState = 'empty' | 'active' | 'revoked' | 'quarantined';

/** One organization's place for one provider's key. */
@Entity('key_slot')
export class KeySlot {
  @PrimaryColumn('uuid', { name: 'organization_id' })
  organizationId!: string;

  @PrimaryColumn('text')
  provider!: string;

  /** Goes up by one with every change of which key a call may get; never reused. */
  @Column('bigint', { transformer: bigintAsNumber })
  epoch!: number;

  /** Handles issued under a lower epoch are refused. */
  @Column('bigint', { name: 'epoch_floor', transformer: bigintAsNumber })
  epochFloor!: number;

  @Column('text')
  state!: SlotState;

  /** Null: the organization's default counts. */
  @Column('text', { nullable: true })
  fallback!: FallbackPolicy | null;

  @Column('integer', { name: 'current_version', nullable: true })
  currentVersion!: number | null;

  @Column('integer', { name: 'last_version' })
  lastVersion!: number;

  @Column('timestamptz', { name: 'expires_at', nullable: true })
  expiresAt!: Date | null;

  /** The only models a call may use with this slot; null: any. */
  @Column('text', { name: 'allowed_models', array: true, nullable: true })
  allowedModels!: string[] | null;

  /** Calls that are handled in another region get no key of this slot; null: any. */
  @Column('text', { nullable: true })
  region!: string | null;

  /** Whether child organizations may use the key. */
  @Column('boolean')
  shared!: boolean;

  /** Provider settings of the organization, as clients sent them. */
  @Column('jsonb')
  config!: Record<string, unknown>;
}
