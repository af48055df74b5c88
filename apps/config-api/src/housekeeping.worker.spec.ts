import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { HousekeepingWorker } from './housekeeping.worker.js';

const minuteMs = 60_000;

describe('housekeeping', () => {
  let statements: string[];
  let worker: HousekeepingWorker;

  beforeEach(() => {
    jest.useFakeTimers();
    statements = [];
    const dataSource = { query: async (sql: string): Promise<unknown[]> => (statements.push(sql), []) };
    worker = new HousekeepingWorker(dataSource as unknown as DataSource);
    worker.start();
  });
  afterEach(async () => {
    await worker.stop();
    jest.useRealTimers();
  });

  it('is done a minute after the start and every six hours from then on', async () => {
    await jest.advanceTimersByTimeAsync(minuteMs - 1);
    expect(statements).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    expect(statements).toEqual([
      expect.stringContaining('create_receipt_partitions'),
      expect.stringContaining('DELETE FROM outbox'),
      expect.stringContaining('DELETE FROM idempotent_request'),
      expect.stringContaining('DELETE FROM webhook_delivery'),
    ]);
    await jest.advanceTimersByTimeAsync(12 * 60 * minuteMs);
    expect(statements).toHaveLength(12);
  });

  it('is not done once it was stopped', async () => {
    await worker.stop();
    await jest.advanceTimersByTimeAsync(24 * 60 * minuteMs);
    expect(statements).toEqual([]);
  });
});
