import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** A bearer token of an organization; only the keyed hash of its secret part is stored. */
@Entity('api_token')
export class ApiToken {
  @PrimaryColumn('text')
  id!: string;

  @Column('uuid', { name: 'organization_id' })
  organizationId!: string;

  @Column('bytea')
  hash!: Buffer;

  /** Null: the one that its organization began with. */
  @Column('text', { nullable: true })
  name!: string | null;

  /** What it may do; an organization's first token may do everything. */
  @Column('text', { array: true })
  scopes!: string[];

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'expires_at', nullable: true })
  expiresAt!: Date | null;

  @Column('timestamptz', { name: 'revoked_at', nullable: true })
  revokedAt!: Date | null;

  /** To the minute. */
  @Column('timestamptz', { name: 'last_used_at', nullable: true })
  lastUsedAt!: Date | null;
}
