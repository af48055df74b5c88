/** A change that took keys away: when it had returned, no version up to `deadThrough` may be handed out any more. */
export interface Change {
  slot: string;
  start: number;
  end: number;
  deadThrough: number;
}

/** A resolve or redeem that got version `version` of a slot. */
export interface Reading {
  slot: string;
  start: number;
  end: number;
  version: number;
  how: 'kafka' | 'grpc' | 'redeem';
}

/** A reading that began after a change had returned and still got a key the change took away. */
export interface Violation {
  reading: Reading;
  change: Change;
}

/** Everything that happened, on one monotonic clock (milliseconds of `performance.now`). */
export class History {
  readonly changes: Change[] = [];
  readonly readings: Reading[] = [];

  /** All violations of "after a revoke or an immediate rotation has returned, nobody gets the old key". */
  violations(): Violation[] {
    const changesBySlot = new Map<string, Change[]>();
    for (const change of this.changes) {
      const changes = changesBySlot.get(change.slot) ?? [];
      changes.push(change);
      changesBySlot.set(change.slot, changes);
    }
    for (const changes of changesBySlot.values()) changes.sort((a, b) => a.end - b.end);
    return this.readings.flatMap((reading) => {
      const change = strongestReturnedBefore(changesBySlot.get(reading.slot) ?? [], reading.start);
      return change && reading.version <= change.deadThrough ? [{ reading, change }] : [];
    });
  }
}

/** Of the changes that had returned before `start`, the one that took away the most. */
function strongestReturnedBefore(changesByEnd: readonly Change[], start: number): Change | undefined {
  let strongest: Change | undefined;
  for (const change of changesByEnd) {
    if (change.end >= start) break;
    if (!strongest || change.deadThrough > strongest.deadThrough) strongest = change;
  }
  return strongest;
}
