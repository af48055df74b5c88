import type { SecretBytes } from '#libs/crypto';
import { AppError } from '#libs/errors';
import type { IdempotentRequestStore, RepeatableRequest, RequestRun } from '#libs/keystore';
import { setTimeout as sleep } from 'node:timers/promises';
import { AnswerSealer, type StoredAnswer } from './answer-sealer.js';
import { repeatableDraw, type DrawBytes } from './repeatable-draw.js';

/** What makes two requests the same, besides their Idempotency-Key. */
export interface RepeatableParts {
  /** Whoever sends it: nobody meets another's keys. */
  caller: string;
  key: string;
  /** Everything it says. */
  said: readonly string[];
}

/** A request that is to be run, and whose answer is to be kept. */
export interface Repeatable {
  run: RequestRun;
  draw: DrawBytes;
}

/** A run that has no answer by then counts as lost: no request takes so long. */
const lockSeconds = 30;
/** How long a repetition waits for the first run to end. */
const waitsMs = [25, 50, 100, 200, 400, 600, 800];

/** Gives every request with an Idempotency-Key one effect and one answer. */
export class IdempotencyService {
  private readonly sealer: AnswerSealer;

  constructor(
    private readonly requests: IdempotentRequestStore,
    private readonly key: SecretBytes,
  ) {
    this.sealer = new AnswerSealer(key);
  }

  /**
   * Either the request is to be run, or here is its answer. Throws `conflict`: `idempotency_key_reused` when the key
   * stands for another request, `request_in_progress` when the first run takes longer than a repetition waits.
   */
  async begin({ caller, key, said }: RepeatableParts): Promise<Repeatable | StoredAnswer> {
    const request = { caller, key, hash: this.sealer.hashOf(said) };
    for (const waitMs of [...waitsMs, 0]) {
      const begun = await this.tryToBegin(request);
      if (begun) return begun;
      if (waitMs > 0) await sleep(waitMs);
    }
    throw new AppError('conflict', 'request_in_progress', {
      message: 'A request with this Idempotency-Key is still under way: repeat it for its answer.',
      param: 'Idempotency-Key',
      retryAfterSeconds: 1,
    });
  }

  /** Keeps the answer for repetitions. */
  async keep({ run }: Repeatable, answer: StoredAnswer): Promise<void> {
    await this.requests.keepAnswer(run, this.sealer.seal(run.request, answer));
  }

  /** Lets a repetition run the request again. */
  async giveUp({ run }: Repeatable): Promise<void> {
    await this.requests.giveUp(run);
  }

  /** Frees the key for another request: this one has had no effect. */
  async forget({ run }: Repeatable): Promise<void> {
    await this.requests.remove(run);
  }

  private async tryToBegin(request: RepeatableRequest): Promise<Repeatable | StoredAnswer | undefined> {
    const begun = await this.requests.begin(request, lockSeconds);
    switch (begun.state) {
      case 'to_run':
        return { run: begun.run, draw: repeatableDraw(this.key, begun.run.seed) };
      case 'answered':
        return this.sealer.open(request, begun.answer);
      case 'running':
        return undefined;
      case 'other_request':
        throw new AppError('conflict', 'idempotency_key_reused', {
          message: 'This Idempotency-Key was used for another request: take a new key for each.',
          param: 'Idempotency-Key',
        });
    }
  }
}
