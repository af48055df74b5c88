/** Looks for work by itself. */
export interface BackgroundWorker {
  start(): void;
  /** Resolves when what is in hand is done. */
  stop(): Promise<void>;
}

/** Works on what the event bus delivers, until that drains. */
export interface BackgroundConsumer {
  start(): void;
}

/** Everything of an instance that goes on beside the requests. */
export class BackgroundWork {
  constructor(
    private readonly workers: readonly BackgroundWorker[],
    private readonly consumers: readonly BackgroundConsumer[],
  ) {}

  start(): void {
    for (const part of [...this.workers, ...this.consumers]) part.start();
  }

  /** Resolves when no worker touches the database any more; consumers stop with their bus. */
  async stop(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.stop()));
  }
}
