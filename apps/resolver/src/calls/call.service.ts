import type { CallEnded, CallKeysResolved } from '#libs/contracts';
import { AppError } from '#libs/errors';
import { TurnBatch, type CallRef, type Receipt, type ReceiptStore } from '#libs/keystore';
import { metrics } from '#libs/observability';
import type { DecidedCall, ResolutionService } from '#libs/resolution';
import type { CallStage } from '../handles/call-stage.js';
import type { HandleIssuer, IssuedHandles } from '../handles/handle-issuer.js';
import type { HandleMinter } from '../handles/handle-minter.js';
import type { HandleStore } from '../handles/handle.store.js';
import type { CallRequest } from './call-request.js';
import { afterItsEnd, callEndOf } from './ended-call.js';
import { plaintextKeysOf, preparedAnswer, type PreparedAnswer } from './prepared-answer.js';
import type { SlotUseWorker } from './slot-use.worker.js';

export interface CallSettings {
  handleTtlMs: number;
  /** How long a call counts as live when nobody reports its end. */
  liveMsMax: number;
  /** How long after its end a call may resolve its post-call components. */
  postCallMs: number;
}

/** The ports the keys of a call travel through on their way out. */
export interface CallStores {
  handles: HandleStore;
  receipts: ReceiptStore;
  issuer: HandleIssuer;
  minter: HandleMinter;
}

/** An answer that carries the keys themselves, for the time in which handles cannot be kept. */
export interface DirectAnswer {
  answer: CallKeysResolved;
  /** By component. Plaintext: for the gRPC response only. */
  apiKeys: Map<string, string>;
}

/** Calls of different callers are started together up to this many: a full slice is enough for one round trip. */
const startedMax = 250;

/** The main path: calls start and get their keys, calls end and give them back. */
export class CallService {
  private readonly starting = new TurnBatch((requests: readonly CallRequest[]) => this.startAll(requests), startedMax);

  constructor(
    private readonly resolution: ResolutionService,
    private readonly stores: CallStores,
    private readonly settings: CallSettings,
    private readonly slotUses: Pick<SlotUseWorker, 'note'>,
  ) {}

  /**
   * Resolves calls and issues handles: one round trip to the primary, then the handle store, then the receipts.
   * One answer for each call, in order; an AppError for a call that has no answer (`organization_not_found`).
   */
  start(requests: readonly CallRequest[]): Promise<(CallKeysResolved | AppError)[]> {
    return this.starting.ask(requests);
  }

  /** Resolves calls without the handle store: the answers carry the keys. */
  async startDirectly(requests: readonly CallRequest[]): Promise<(DirectAnswer | AppError)[]> {
    const prepared = await this.resolution.decide(requests, (calls) => {
      const now = new Date();
      return calls.map((call) =>
        call instanceof AppError
          ? call
          : { ...preparedAnswer(call, { now, ...this.settings }), apiKeys: plaintextKeysOf(call) },
      );
    });
    const { calls: direct } = await this.record(prepared);
    this.count(answered(direct));
    return direct.map((call) => (call instanceof AppError ? call : { answer: call.answer, apiKeys: call.apiKeys }));
  }

  /** Drops the handles of calls that are over and frees the versions they used. */
  async end(calls: readonly CallEnded[]): Promise<void> {
    const now = new Date();
    const ends = calls.map((call) => callEndOf(call, now, this.settings.postCallMs));
    // A start that is on its way finds the end in its receipt, or has its handles there by now.
    await this.stores.receipts.end(ends);
    const over = this.settings.postCallMs > 0 ? [] : this.storeKeysOf(ends, 'post_call');
    await this.stores.handles.drop([...this.storeKeysOf(ends, 'call'), ...over]);
  }

  private async startAll(requests: readonly CallRequest[]): Promise<(CallKeysResolved | AppError)[]> {
    const stopTimer = metrics.resolveSeconds.startTimer();
    const prepared = await this.resolution.decide(requests, (calls) => {
      const now = new Date();
      return calls.map((call) => this.prepare(call, now));
    });
    const bundles = answered(prepared).flatMap(({ bundles: ofCall }) => ofCall);
    // Handles before receipts: a call that ends meanwhile drops them, or is found ended here.
    if (bundles.length > 0) await this.stores.handles.put(bundles);
    const { calls, ended } = await this.record(prepared);
    if (ended.length > 0) await this.dropEnded(ended);
    stopTimer();
    this.count(answered(calls));
    return calls.map((call) => (call instanceof AppError ? call : call.answer));
  }

  /** Writes the receipts; `ended` are the calls, now with little left of their answers, that turn out to be over. */
  private async record<T extends PreparedAnswer>(
    prepared: readonly (T | AppError)[],
  ): Promise<{ calls: readonly (T | AppError)[]; ended: T[] }> {
    const receipts = answered(prepared).map(receiptOf);
    const found = receipts.length > 0 ? await this.stores.receipts.insert(receipts) : [];
    if (found.length === 0) return { calls: prepared, ended: [] };
    const ends = new Map(found.map((receipt) => [idOf(receipt), receipt]));
    const calls = prepared.map((call) => {
      const end = call instanceof AppError ? undefined : ends.get(idOf(call.receipt));
      return call instanceof AppError || !end ? call : afterItsEnd(call, end);
    });
    const ended = answered(calls).filter(({ receipt }) => ends.has(idOf(receipt)));
    await this.stores.receipts.amend(ended.map(receiptOf));
    return { calls, ended };
  }

  /** Leaves the handles that the answers to ended calls still give, for whoever works after a call to use anew. */
  private async dropEnded(ended: readonly PreparedAnswer[]): Promise<void> {
    const { handles } = this.stores;
    const [open, over] = [ended.filter(givesKeys), ended.filter((call) => !givesKeys(call))];
    const overKeys = this.storeKeysOf(over.map(receiptOf), 'post_call');
    await Promise.all([
      handles.drop([...this.storeKeysOf(ended.map(receiptOf), 'call'), ...overKeys]),
      handles.renew(this.storeKeysOf(open.map(receiptOf), 'post_call')),
    ]);
  }

  private storeKeysOf(calls: readonly CallRef[], stage: CallStage): string[] {
    return calls.map((call) => this.stores.minter.storeKeyOfCall(call.organizationId, call.callId, stage));
  }

  private count(calls: readonly PreparedAnswer[]): void {
    countSources(calls);
    for (const { answer, receipt } of calls) this.slotUses.note(answer, receipt.resolvedAt);
  }

  private prepare(call: DecidedCall<CallRequest> | AppError, now: Date): PreparedCall | AppError {
    if (call instanceof AppError) return call;
    const nowMs = now.getTime();
    const { handles, bundles } = this.stores.issuer.issue(call, nowMs, nowMs + this.settings.handleTtlMs);
    return { ...preparedAnswer(call, { now, handles, ...this.settings }), bundles };
  }
}

type PreparedCall = PreparedAnswer & Pick<IssuedHandles, 'bundles'>;

const givesKeys = ({ answer }: PreparedAnswer): boolean =>
  answer.components.some(({ status }) => status === 'resolved');

const receiptOf = ({ receipt }: PreparedAnswer): Receipt => receipt;

function idOf({ organizationId, callId }: CallRef): string {
  return `${organizationId} ${callId}`;
}

function answered<T>(calls: readonly (T | AppError)[]): T[] {
  return calls.filter((call): call is T => !(call instanceof AppError));
}

/** One increment a source for any number of calls. */
function countSources(calls: readonly PreparedAnswer[]): void {
  const counts = { tenant: 0, inherited: 0, platform: 0, unresolved: 0 };
  for (const { answer } of calls) {
    for (const component of answer.components) {
      counts[component.status === 'resolved' ? component.source : 'unresolved'] += 1;
    }
  }
  for (const [source, count] of Object.entries(counts)) metrics.callsResolved.inc({ source }, count);
}
