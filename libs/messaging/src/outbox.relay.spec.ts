import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { AppError } from '#libs/errors';
import { MemoryEventBus } from './memory-event.bus.js';
import { OutboxSource, type OutboxRecord } from './outbox.port.js';
import { OutboxRelay } from './outbox.relay.js';
import { collect, newEvent, until } from './spec-events.js';

const lost = new AppError('unavailable', 'outbox_connection_lost');

/** One table and one lock, shared by the sources of several relays. */
class Table {
  records: (OutboxRecord & { published: boolean })[] = [];
  lockedBy: TableSource | undefined;
  private count = 0;

  insert(count: number): void {
    for (let n = 0; n < count; n += 1) {
      this.count += 1;
      const event = newEvent('t', 'k', this.count);
      this.records.push({ seq: String(this.count), event, published: false });
    }
  }
}

class TableSource extends OutboxSource {
  private wake: (() => void) | undefined;

  constructor(private readonly table: Table) {
    super();
  }

  override async acquire(): Promise<boolean> {
    this.table.lockedBy ??= this;
    return this.table.lockedBy === this;
  }
  override async read(limit: number): Promise<OutboxRecord[]> {
    if (this.table.lockedBy !== this) throw lost;
    return this.table.records.filter(({ published }) => !published).slice(0, limit);
  }
  override async markPublished(seqs: string[]): Promise<void> {
    if (this.table.lockedBy !== this) throw lost;
    for (const record of this.table.records) if (seqs.includes(record.seq)) record.published = true;
  }
  override waitForWork(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
  override async release(): Promise<void> {
    if (this.table.lockedBy === this) this.table.lockedBy = undefined;
    this.wake?.();
  }
}

describe('the outbox relay', () => {
  const relays: OutboxRelay[] = [];
  afterEach(async () => {
    await Promise.all(relays.map((relay) => relay.stop()));
  });

  function setUp(table = new Table(), bus = new MemoryEventBus()) {
    const source = new TableSource(table);
    const options = { pollMs: 5, standbyMs: 5, backoff: { baseMs: 1, capMs: 5 }, batchMax: 7 };
    const relay = new OutboxRelay(source, bus, options);
    relays.push(relay);
    return { table, bus, source, relay };
  }
  const numbersOf = (events: { value: Buffer | null }[]): number[] => events.map(({ value }) => Number(String(value)));
  const range = (count: number): number[] => Array.from({ length: count }, (_, n) => n + 1);

  it('publishes every record once and in order, also those that come later', async () => {
    const { table, bus, relay } = setUp();
    const received = collect(bus, 't');
    table.insert(50);
    relay.start();
    await until(() => received.length === 50);
    table.insert(10);
    await until(() => received.length === 60);
    expect(numbersOf(received)).toEqual(range(60));
    expect(table.records.every(({ published }) => published)).toBe(true);
    expect(relay.status()).toEqual({ healthy: true, active: true });
  });

  it('marks nothing that the bus has not acknowledged, says so, and goes on when it can', async () => {
    const { table, bus, relay } = setUp();
    const received = collect(bus, 't');
    const publish = jest.spyOn(bus, 'publish').mockRejectedValue(new AppError('unavailable', 'event_bus_unavailable'));
    table.insert(20);
    relay.start();
    await until(() => publish.mock.calls.length > 3);
    expect(table.records.some(({ published }) => published)).toBe(false);
    expect(relay.status()).toMatchObject({ healthy: false, reason: expect.stringContaining('event_bus_unavailable') });
    publish.mockRestore();
    await until(() => received.length === 20);
    expect(numbersOf(received)).toEqual(range(20));
    await until(() => relay.status().healthy);
  });

  it('publishes again what it could not mark: at least once, still in order', async () => {
    const { table, bus, source, relay } = setUp();
    const received = collect(bus, 't');
    jest.spyOn(source, 'markPublished').mockRejectedValueOnce(lost);
    table.insert(10);
    relay.start();
    await until(() => table.records.every(({ published }) => published));
    expect([...new Set(numbersOf(received))]).toEqual(range(10));
    expect(received.length).toBeGreaterThan(10);
  });

  it('applies for its place again after losing the connection of the source', async () => {
    const { table, bus, relay } = setUp();
    const received = collect(bus, 't');
    relay.start();
    await until(() => relay.status().active);
    table.lockedBy = undefined;
    table.insert(5);
    await until(() => received.length === 5 && relay.status().healthy);
    expect(relay.status().active).toBe(true);
  });

  it('leaves the work to another relay while that one is active, and takes over when it stops', async () => {
    const table = new Table();
    const first = setUp(table);
    const second = setUp(table, first.bus);
    const received = collect(first.bus, 't');
    first.relay.start();
    await until(() => first.relay.status().active);
    second.relay.start();
    table.insert(30);
    await until(() => received.length === 30);
    expect(second.relay.status()).toEqual({ healthy: true, active: false });
    await first.relay.stop();
    table.insert(30);
    await until(() => received.length === 60);
    expect(numbersOf(received)).toEqual(range(60));
    expect(second.relay.status().active).toBe(true);
  });

  it('stops at once while it waits for work', async () => {
    const table = new Table();
    const relay = new OutboxRelay(new TableSource(table), new MemoryEventBus(), { pollMs: 60_000 });
    relay.start();
    await until(() => relay.status().active);
    const startedAt = Date.now();
    await relay.stop();
    expect(Date.now() - startedAt).toBeLessThan(500);
    expect(table.lockedBy).toBeUndefined();
  });
});
