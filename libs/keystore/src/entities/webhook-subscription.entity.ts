import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** Where an organization wants to be told of events. */
@Entity('webhook_subscription')
export class WebhookSubscription {
  @PrimaryColumn('uuid', { name: 'organization_id' })
  organizationId!: string;

  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  url!: string;

  @Column('text', { array: true })
  events!: string[];

  /** Whether it is told of new events; what waits for delivery goes on waiting meanwhile. */
  @Column('boolean', { name: 'is_active' })
  isActive!: boolean;

  @Column('integer', { name: 'tenant_kek_version', select: false })
  tenantKekVersion!: number;

  @Column('bytea', { select: false })
  secret!: Buffer;

  @Column('integer', { name: 'previous_kek_version', nullable: true, select: false })
  previousKekVersion!: number | null;

  @Column('bytea', { name: 'previous_secret', nullable: true, select: false })
  previousSecret!: Buffer | null;

  /** Until when deliveries are signed with the previous secret as well. */
  @Column('timestamptz', { name: 'previous_until', nullable: true })
  previousUntil!: Date | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;
}
