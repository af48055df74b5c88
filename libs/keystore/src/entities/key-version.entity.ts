import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

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
}
