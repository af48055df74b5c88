import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';
import type { RecordedVerdict } from '../recorded-verdict.js';

/**
 * `active`: new calls get it. `retiring`: calls that resolved it keep it until `retiresAt`.
 * `retired`: nobody gets it. `revoked` and `removed`: its ciphertext is gone as well.
 */
export type VersionState = 'active' | 'retiring' | 'retired' | 'revoked' | 'removed';

/** One API key stored in a slot. */
@Entity('key_version')
export class KeyVersion {
  @PrimaryColumn('uuid', { name: 'organization_id' })
  organizationId!: string;

  @PrimaryColumn('text')
  provider!: string;

  @PrimaryColumn('integer')
  version!: number;

  /** The public id that the contract shows. */
  @Column('uuid', { name: 'secret_id' })
  secretId!: string;

  @Column('text')
  state!: VersionState;

  @Column('timestamptz', { name: 'retires_at', nullable: true })
  retiresAt!: Date | null;

  /** When a version that new calls get no more expires; null: never. That of the current one is its slot's. */
  @Column('timestamptz', { name: 'expires_at', nullable: true })
  expiresAt!: Date | null;

  /** First and last characters of the key; null for short keys. */
  @Column('text', { nullable: true })
  hint!: string | null;

  /** Keyed hash of the key, to recognize the same key again. */
  @Column('bytea')
  fingerprint!: Buffer;

  @Column('integer', { name: 'tenant_kek_version' })
  tenantKekVersion!: number;

  @Column('bytea', { name: 'wrapped_dek', nullable: true, select: false })
  wrappedDek!: Buffer | null;

  @Column('bytea', { name: 'sealed_key', nullable: true, select: false })
  sealedKey!: Buffer | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column('text', { name: 'created_by' })
  createdBy!: string;

  /** What the provider said last; null: never asked. */
  @Column('text', { nullable: true })
  verdict!: string | null;

  /** Capabilities, missing permissions and a sentence for people; see `RecordedVerdict`. */
  @Column('jsonb', { name: 'verdict_detail', nullable: true })
  verdictDetail!: Omit<RecordedVerdict, 'verdict'> | null;

  /** When it said that. */
  @Column('timestamptz', { name: 'validated_at', nullable: true })
  validatedAt!: Date | null;

  /** When it last refused the key. */
  @Column('timestamptz', { name: 'failed_at', nullable: true })
  failedAt!: Date | null;

  /** When it will be asked again; null: not by itself. */
  @Column('timestamptz', { name: 'check_due_at', nullable: true })
  checkDueAt!: Date | null;

  /** How many checks in a row have not ended well. */
  @Column('integer', { name: 'check_count', default: 0 })
  checkCount!: number;
}
