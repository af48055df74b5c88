import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';
import type { FallbackPolicy } from './key-slot.entity.js';

/** The tenant; `parentId` is its agency. */
@Entity('organization')
export class Organization {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  name!: string;

  @Column('uuid', { name: 'parent_id', nullable: true })
  parentId!: string | null;

  /** For slots without a policy of their own; null: `when_missing`. */
  @Column('text', { name: 'default_fallback', nullable: true })
  defaultFallback!: FallbackPolicy | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;
}
