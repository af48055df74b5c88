import { AppError } from '#libs/errors';
import { pause, waitBeforeRetry, type Backoff } from './backoff.js';
import type { BusStatus, EventBus } from './event-bus.port.js';
import { silentLog, type LogEvent } from './log-event.js';
import type { OutboxSource } from './outbox.port.js';

export interface OutboxRelayOptions {
  /** Records published together. Default 500. */
  batchMax?: number;
  /** How long to trust that a notification comes before looking again. Default 1 s. */
  pollMs?: number;
  /** How long to wait while another relay is active. Default 2 s. */
  standbyMs?: number;
  /** After a failure. Default 100 ms doubling up to 5 s. */
  backoff?: Backoff;
  log?: LogEvent;
}

/** Whether this is the active relay, and what keeps it from working. */
export interface OutboxRelayStatus extends BusStatus {
  active: boolean;
}

/**
 * Publishes what transactions left in the outbox: in order, acknowledged by every replica, then marked. At least once:
 * a failure between publishing and marking repeats events. Never throws out; everything is tried again from the source.
 */
export class OutboxRelay {
  private readonly log: LogEvent;
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;
  private active = false;
  private waiting = false;
  private problem: string | undefined;

  constructor(
    private readonly source: OutboxSource,
    private readonly bus: EventBus,
    private readonly options: OutboxRelayOptions = {},
  ) {
    this.log = options.log ?? silentLog;
  }

  /** Begins to work in the background. */
  start(): void {
    this.running ??= this.run();
  }

  /** Finishes the batch in hand and lets another relay take over. */
  async stop(): Promise<void> {
    this.stopping.abort();
    if (this.waiting) await this.release();
    await this.running;
  }

  status(): OutboxRelayStatus {
    return this.problem === undefined
      ? { healthy: true, active: this.active }
      : { healthy: false, active: this.active, reason: this.problem };
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    for (let failureCount = 0; !signal.aborted;) {
      try {
        await this.step();
        failureCount = 0;
      } catch (error) {
        failureCount += 1;
        await this.recover(error, failureCount);
      }
    }
    await this.release();
  }

  /** One batch, or one wait. */
  private async step(): Promise<void> {
    const { batchMax = 500, pollMs = 1_000, standbyMs = 2_000 } = this.options;
    this.active ||= await this.source.acquire();
    if (!this.active) {
      this.problem = undefined;
      await pause(standbyMs, this.stopping.signal);
      return;
    }
    const records = await this.source.read(batchMax);
    if (records.length > 0) {
      await this.bus.publish(records.map(({ event }) => event));
      await this.source.markPublished(records.map(({ seq }) => seq));
    }
    this.problem = undefined;
    if (records.length < batchMax) await this.waitForWork(pollMs);
  }

  private async waitForWork(timeoutMs: number): Promise<void> {
    if (this.stopping.signal.aborted) return;
    this.waiting = true;
    await this.source.waitForWork(timeoutMs).finally(() => (this.waiting = false));
  }

  /** A lost connection has lost the lock too, so the relay applies for it again. */
  private async recover(error: unknown, failureCount: number): Promise<void> {
    const { kind, code } = AppError.from(error);
    this.problem = `the outbox is not relayed: ${code}`;
    this.log(kind === 'unavailable' ? 'warn' : 'error', 'the outbox is not relayed', { failureCount, err: error });
    await this.release();
    await waitBeforeRetry(this.options.backoff ?? { baseMs: 100, capMs: 5_000 }, failureCount, this.stopping.signal);
  }

  private async release(): Promise<void> {
    this.active = false;
    try {
      await this.source.release();
    } catch (error) {
      this.log('warn', 'the outbox could not be released', { err: error });
    }
  }
}
