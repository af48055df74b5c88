import type { Subscription } from './event-bus.port.js';
import type { IncomingEvent } from './event.js';
import type { LogEvent } from './log-event.js';
import type { MemoryPartition } from './memory-partition.js';
import { PartitionLane } from './partition-lane.js';

/** One subscription of one bus. */
export interface MemoryMember {
  subscription: Subscription;
  log: LogEvent;
}

/** Who holds the events: hands out a topic's partitions and forgets what every group has read. */
export interface PartitionHolder {
  partitionsOf(topic: string): readonly MemoryPartition[];
  trim(partition: MemoryPartition): void;
}

/** A consumer group: which member reads which partition, and how far the group has come in it. */
export class MemoryGroup {
  private members: MemoryMember[] = [];
  private readonly shares = new Map<MemoryPartition, Share>();

  constructor(private readonly broker: PartitionHolder) {}

  join(member: MemoryMember): void {
    this.members = [...this.members, member];
    this.shareOut();
  }

  async leave(member: MemoryMember): Promise<void> {
    this.members = this.members.filter((each) => each !== member);
    const given = [...this.shares.values()].filter(({ owner }) => owner === member);
    this.shareOut();
    await Promise.all(given.map(({ handover }) => handover));
  }

  /** Hands a new event to whoever reads its partition. */
  offer(event: IncomingEvent): void {
    const partition = this.broker.partitionsOf(event.topic)[event.partition]!;
    this.shares.get(partition)?.lane?.add([event]);
  }

  /** The offset up to which the group is done, or undefined when it does not read the partition's topic. */
  positionOf(partition: MemoryPartition): number | undefined {
    return this.shares.get(partition)?.position;
  }

  private shareOut(): void {
    const topics = new Set(this.members.flatMap(({ subscription }) => subscription.topics));
    for (const topic of topics) for (const partition of this.broker.partitionsOf(topic)) this.shareOf(partition);
    for (const [partition, share] of this.shares) {
      const readers = this.members.filter(({ subscription }) => subscription.topics.includes(partition.topic));
      this.give(partition, share, readers[partition.number % readers.length]);
    }
  }

  private shareOf(partition: MemoryPartition): Share {
    const share = this.shares.get(partition) ?? { position: 0, handover: Promise.resolve() };
    this.shares.set(partition, share);
    return share;
  }

  /** The new owner starts where the old one stopped, after what that one had in hand. */
  private give(partition: MemoryPartition, share: Share, owner: MemoryMember | undefined): void {
    if (share.owner === owner) return;
    share.owner = owner;
    const stopped = share.lane?.stop();
    delete share.lane;
    share.handover = Promise.all([share.handover, stopped]).then(() => {
      if (share.owner !== owner || !owner || share.lane) return;
      share.lane = this.laneFor(partition, share, owner);
      share.lane.add(partition.from(share.position));
    });
  }

  private laneFor(partition: MemoryPartition, share: Share, { subscription, log }: MemoryMember): PartitionLane {
    return new PartitionLane({
      subscription,
      log,
      onProgress: (lane) => {
        share.position = Number(lane.finishedOffset);
        this.broker.trim(partition);
      },
    });
  }
}

interface Share {
  /** The offset after the last finished event. */
  position: number;
  owner?: MemoryMember | undefined;
  lane?: PartitionLane;
  /** Settles when the owner's lane exists. */
  handover: Promise<void>;
}
