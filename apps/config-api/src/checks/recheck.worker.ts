import type { DueCheck, KeyVerdictStore } from '#libs/keystore';
import { metrics } from '#libs/observability';
import type { KeyProber } from '#libs/providers';
import type { StoredKeyReader } from '#libs/resolution';
import { Logger } from '@nestjs/common';
import { PollingLoop } from '../polling-loop.js';
import type { VerdictService } from './verdict.service.js';

const intervalMs = 2_000;
const checksAtOnce = 8;

/**
 * Asks providers about the keys whose check is due: reported ones, quarantined ones, and those that could not be judged
 * before. Several instances share the work, and a key is asked about by one of them only.
 */
export class RecheckWorker {
  private readonly logger = new Logger(RecheckWorker.name);
  private readonly loop = new PollingLoop(RecheckWorker.name, intervalMs, () => this.checkDue());

  constructor(
    private readonly due: KeyVerdictStore,
    private readonly keys: StoredKeyReader,
    private readonly prober: KeyProber,
    private readonly verdicts: VerdictService,
  ) {}

  start(): void {
    this.loop.start();
  }

  /** A check has become due. */
  wake(): void {
    this.loop.wake();
  }

  stop(): Promise<void> {
    return this.loop.stop();
  }

  private async checkDue(): Promise<boolean> {
    const due = await this.due.takeDue(checksAtOnce);
    await Promise.all(due.map((check) => this.tryToCheck(check)));
    return due.length === checksAtOnce;
  }

  /** A check that fails here is due again when its lease ends. */
  private async tryToCheck(check: DueCheck): Promise<void> {
    try {
      await this.check(check);
    } catch (error) {
      const { organizationId, provider, version } = check;
      this.logger.warn({ msg: 'a key could not be checked', organizationId, provider, version, err: error });
    }
  }

  private async check({ checkCount, ...ref }: DueCheck): Promise<void> {
    const stored = await this.keys.find(ref);
    if (!stored) return this.logger.warn({ msg: 'a key that is to be checked does not open', ...ref });
    try {
      if (stored.version !== ref.version) return;
      const verdict = await this.prober.probe(ref.provider, stored.apiKey, stored);
      metrics.keyChecks.inc({ verdict: verdict.verdict });
      this.logger.debug({ msg: 'a key was checked', ...ref, verdict: verdict.verdict });
      await this.verdicts.apply(ref, verdict, checkCount);
    } finally {
      stored.apiKey.destroy();
    }
  }
}
