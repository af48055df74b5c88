import { createRequire } from 'node:module';

/** The part of kafkajs' RequestQueue that is guarded; it is not in the public types. */
interface RequestQueue {
  pending: unknown[];
  throttledUntil: number;
  scheduleCheckPendingRequests(): void;
}

const guarded = Symbol.for('latchkey.kafkajs.idle-connection');

/**
 * Stops the timer that kafkajs 2.2.4 re-arms every millisecond on every idle connection (30 ms of CPU per second each,
 * and a TimeoutNegativeWarning on newer Node). A queue with nothing pending has nothing to check: `push` arms the
 * timer itself. Works on the class, so once per process is enough; further calls do nothing.
 */
export function quietIdleConnections(): void {
  const queueClass: { prototype: RequestQueue & { [guarded]?: true } } = createRequire(import.meta.url)(
    'kafkajs/src/network/requestQueue/index.js',
  );
  const { prototype } = queueClass;
  if (prototype[guarded]) return;
  prototype[guarded] = true;
  const schedule = prototype.scheduleCheckPendingRequests;
  prototype.scheduleCheckPendingRequests = function (this: RequestQueue): void {
    if (this.pending.length === 0 && this.throttledUntil <= Date.now()) return;
    schedule.call(this);
  };
}
