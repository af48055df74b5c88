import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createRequire } from 'node:module';
import { quietIdleConnections } from './kafka-idle-connection.js';

interface Queue {
  pending: unknown[];
  throttledUntil: number;
  checkPendingRequests(): void;
  maybeThrottle(timeMs: number): void;
  push(request: object): void;
  destroy(): void;
}
const log = { debug: () => undefined, warn: () => undefined };
const RequestQueue: new (options: object) => Queue = createRequire(import.meta.url)(
  'kafkajs/src/network/requestQueue/index.js',
);

describe('an idle connection of kafkajs', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('re-arms its timer for ever without the guard, and has none with it', () => {
    const before = new RequestQueue({ logger: log });
    before.checkPendingRequests();
    expect(jest.getTimerCount()).toBe(1);
    before.destroy();

    quietIdleConnections();
    quietIdleConnections();
    const queue = new RequestQueue({ logger: log });
    queue.checkPendingRequests();
    expect(jest.getTimerCount()).toBe(0);
  });

  it('still sends what waits because the broker throttles, when that is over', () => {
    quietIdleConnections();
    const queue = new RequestQueue({ logger: log, requestTimeout: 1000 });
    const sendRequest = jest.fn();
    queue.maybeThrottle(500);
    queue.push({ entry: { correlationId: 1 }, expectResponse: true, sendRequest });
    expect(sendRequest).not.toHaveBeenCalled();
    jest.advanceTimersByTime(600);
    expect(sendRequest).toHaveBeenCalledTimes(1);
    expect(queue.pending).toEqual([]);
    expect(jest.getTimerCount()).toBe(0);
  });
});
