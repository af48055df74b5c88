import { Column, Entity, PrimaryColumn } from 'typeorm';

/** When a call last got the key of a slot: a call of its owner, or of whoever else the owner's key was given to. */
@Entity('slot_use')
export class SlotUse {
  /** The owner of the key. */
  @PrimaryColumn('uuid', { name: 'organization_id' })
  organizationId!: string;

  @PrimaryColumn('text')
  provider!: string;

  @Column('timestamptz', { name: 'last_used_at' })
  lastUsedAt!: Date;
}
