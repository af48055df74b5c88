import { AppError } from '#libs/errors';
import type { IncomingEvent } from './event.js';
import { MemoryGroup, type MemoryMember } from './memory-group.js';
import { MemoryPartition, type StoredParts } from './memory-partition.js';

export interface MemoryBrokerOptions {
  /** Partitions of every topic. Default 4. */
  partitionCount?: number;
  /** How many events of a partition that no group has left to read are kept for groups that come later. Default 1000. */
  readEventsMax?: number;
  /** How many events of one partition may wait for its slowest group before new ones are refused. Default 20,000. */
  unreadEventsMax?: number;
}

/** Topics and consumer groups in this process, gone when it ends. Several buses may share one. */
export class MemoryBroker {
  private readonly topics = new Map<string, MemoryPartition[]>();
  private readonly groups = new Map<string, MemoryGroup>();

  constructor(private readonly options: MemoryBrokerOptions = {}) {}

  /**
   * Stores events and shows them to every group. All or, when the partition of a new one is full (`unavailable`,
   * `event_bus_full`), none; forwarded ones always find room, since finishing older events depends on them.
   */
  append(events: readonly StoredParts[]): void {
    const placed = events.map((parts) => ({ parts, partition: this.partitionOf(parts) }));
    for (const { parts, partition } of placed) {
      if (!parts.forwarded && this.isFull(partition)) {
        throw new AppError('unavailable', 'event_bus_full', {
          message: `too many events of ${parts.topic} wait for their consumer`,
        });
      }
    }
    for (const { parts, partition } of placed) {
      const event: IncomingEvent = partition.append(parts);
      for (const group of this.groups.values()) group.offer(event);
      this.trim(partition);
    }
  }

  /** Adds a member to its group; the group's partitions are shared out anew. */
  join(member: MemoryMember): void {
    const name = member.subscription.group;
    const group = this.groups.get(name) ?? new MemoryGroup(this);
    this.groups.set(name, group);
    group.join(member);
  }

  /** Resolves when what the member has in hand is done and its partitions belong to the others. */
  async leave(member: MemoryMember): Promise<void> {
    await this.groups.get(member.subscription.group)?.leave(member);
  }

  /** All partitions of a topic; topics exist as soon as someone names them. */
  partitionsOf(topic: string): readonly MemoryPartition[] {
    let partitions = this.topics.get(topic);
    if (!partitions) {
      const count = this.options.partitionCount ?? 4;
      partitions = Array.from({ length: count }, (_, number) => new MemoryPartition(topic, number));
      this.topics.set(topic, partitions);
    }
    return partitions;
  }

  /** Drops events that every group has finished, beyond those kept for later groups. */
  trim(partition: MemoryPartition): void {
    partition.trim(this.lowestUnread(partition), this.options.readEventsMax ?? 1000);
  }

  private partitionOf({ topic, key }: StoredParts): MemoryPartition {
    const partitions = this.partitionsOf(topic);
    return partitions[hashOf(key ?? '') % partitions.length]!;
  }

  private isFull(partition: MemoryPartition): boolean {
    return partition.nextOffset - this.lowestUnread(partition) >= (this.options.unreadEventsMax ?? 20_000);
  }

  private lowestUnread(partition: MemoryPartition): number {
    let lowest = partition.nextOffset;
    for (const group of this.groups.values()) lowest = Math.min(lowest, group.positionOf(partition) ?? lowest);
    return lowest;
  }
}

/** FNV-1a, 32 bits. */
function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(key)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}
