import { Logger } from '@nestjs/common';

/** Does the next piece of work; resolves to whether there is more to do at once. */
export type PollingWork = () => Promise<boolean>;

/** Does work again and again: at once while there is more, else every `intervalMs` milliseconds or when it is woken. */
export class PollingLoop {
  private readonly logger: Logger;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private woken = false;
  private stopped = true;
  private failing = false;

  constructor(
    name: string,
    private readonly intervalMs: number,
    private readonly work: PollingWork,
  ) {
    this.logger = new Logger(name);
  }

  start(): void {
    this.stopped = false;
    this.wake();
  }

  /** Looks for work now. */
  wake(): void {
    if (this.stopped) return;
    this.woken = true;
    clearTimeout(this.timer);
    this.running ??= this.run().finally(() => {
      this.running = undefined;
      if (this.stopped) return;
      // Woken in the last moment: nobody else looks any more.
      if (this.woken) return this.wake();
      this.timer = setTimeout(() => this.wake(), this.intervalMs);
      this.timer.unref();
    });
  }

  /** Resolves when what is in hand is done. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  private async run(): Promise<void> {
    try {
      let more = true;
      while (more && !this.stopped) {
        this.woken = false;
        more = await this.work();
        this.failing = false;
      }
    } catch (error) {
      this.woken = false;
      if (!this.failing) this.logger.warn({ msg: 'the work failed; it is tried again, quietly', err: error });
      this.failing = true;
    }
  }
}
