import type { ApiTokenStore } from '#libs/keystore';
import { Logger } from '@nestjs/common';
import { LRUCache } from 'lru-cache';

const intervalMs = 1_000;
const noteEveryMs = 60_000;
const tokensMax = 50_000;

/** Writes down when tokens are used: a little later, in one statement, and once a minute at most for each. */
export class LastUseWorker {
  private readonly logger = new Logger(LastUseWorker.name);
  private readonly noted = new LRUCache<string, true>({ max: tokensMax, ttl: noteEveryMs });
  private used = new Set<string>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly tokens: Pick<ApiTokenStore, 'noteUse'>) {}

  note(tokenId: string): void {
    if (this.noted.has(tokenId)) return;
    this.noted.set(tokenId, true);
    this.used.add(tokenId);
    this.timer ??= setTimeout(() => void this.write(), intervalMs).unref();
  }

  /** Writes what is still to be written. */
  async stop(): Promise<void> {
    clearTimeout(this.timer);
    await this.write();
  }

  private async write(): Promise<void> {
    this.timer = undefined;
    const ids = [...this.used];
    this.used = new Set();
    if (ids.length === 0) return;
    try {
      await this.tokens.noteUse(ids);
    } catch (error) {
      this.logger.warn({ msg: 'the use of tokens could not be noted; it is with their next use', err: error });
      for (const id of ids) this.noted.delete(id);
    }
  }
}
