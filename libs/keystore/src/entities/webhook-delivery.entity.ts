import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

export const deliveryStates = ['pending', 'delivered', 'dead'] as const;
/** `dead`: it was tried as often as is worth it; a person may have it tried again. */
export type DeliveryState = (typeof deliveryStates)[number];

/** One event on its way to one subscription. */
@Entity('webhook_delivery')
export class WebhookDelivery {
  @PrimaryColumn('uuid', { name: 'organization_id' })
  organizationId!: string;

  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'subscription_id' })
  subscriptionId!: string;

  /** The same for all subscriptions that are told of one event. */
  @Column('uuid', { name: 'event_id' })
  eventId!: string;

  @Column('text', { name: 'event_type' })
  eventType!: string;

  @Column('jsonb')
  payload!: Record<string, unknown>;

  @Column('text')
  state!: DeliveryState;

  @Column('integer', { name: 'attempt_count' })
  attemptCount!: number;

  /** When a pending one is tried next. */
  @Column('timestamptz', { name: 'due_at' })
  dueAt!: Date;

  /** HTTP status of the last answer; null when there was none. */
  @Column('integer', { name: 'last_status', nullable: true })
  lastStatus!: number | null;

  @Column('text', { name: 'last_error', nullable: true })
  lastError!: string | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'delivered_at', nullable: true })
  deliveredAt!: Date | null;
}
