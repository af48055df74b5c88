import { afterEach, describe, expect, it } from '@jest/globals';
import { Deployment } from '../support/deployment.js';
import { StrictnessWorkload, type WorkloadOptions } from './workload.js';

const workload: WorkloadOptions = {
  organizations: 40,
  writers: 8,
  grpcReaders: 24,
  kafkaBatch: 200,
  kafkaBatches: 3,
  operationsMin: 100_000,
};

describe('strict revocation on the real stack', () => {
  let deployment: Deployment | undefined;

  afterEach(async () => {
    await deployment?.stop();
    deployment = undefined;
  }, 30_000);

  it('no resolve and no redeem that begins after a revoke or immediate rotation returned gets the old key', async () => {
    deployment = await Deployment.start({ configApis: 1, resolvers: 2 });
    const run = new StrictnessWorkload(deployment, workload);
    await run.run();
    const { changes, readings } = run.history;
    const count = (how: string): number => readings.filter((reading) => reading.how === how).length;
    process.stdout.write(
      `strictness: ${run.reads.operations} operations, ${changes.length} changes, components read by ` +
        `Kafka ${count('kafka')}, gRPC ${count('grpc')}, redeem ${count('redeem')}\n`,
    );
    expect(run.reads.operations).toBeGreaterThanOrEqual(workload.operationsMin);
    expect(run.reads.unavailable).toBeLessThan(run.reads.operations / 100);
    expect(changes.length).toBeGreaterThan(500);
    for (const how of ['kafka', 'grpc', 'redeem']) expect(count(how)).toBeGreaterThan(5_000);
    expect(run.history.violations()).toEqual([]);
  }, 300_000);

  it.each([
    ['no-check', ['redeem']],
    ['cached-50ms', ['redeem']],
    ['redis-alone', ['redeem']],
    // The epoch guard refuses the handles of such an answer: a redeem stays right.
    ['cached-resolve-200ms', ['kafka', 'grpc']],
  ])(
    'the same test fails with the planted bug "%s"',
    async (bug, where) => {
      deployment = await Deployment.start({
        configApis: 1,
        resolvers: 2,
        resolverEntry: 'test/strictness/planted-resolver.js',
        env: { LATCHKEY_TEST_PLANTED_BUG: bug },
      });
      let checkedAt = 0;
      const run = new StrictnessWorkload(deployment, {
        ...workload,
        // Little besides the writers: what they read at once after a change tells the most when nothing queues.
        organizations: 8,
        grpcReaders: 2,
        kafkaBatch: 5,
        kafkaBatches: 1,
        until: ({ readings }) => {
          if (readings.length < checkedAt + 2_000) return false;
          checkedAt = readings.length;
          return run.history.violations().length > 0;
        },
      });
      await run.run();
      const violations = run.history.violations();
      process.stdout.write(
        `strictness: planted "${bug}" caught after ${run.reads.operations} operations, ${run.history.changes.length} changes\n`,
      );
      expect(violations.length).toBeGreaterThan(0);
      for (const { reading } of violations) expect(where).toContain(reading.how);
    },
    300_000,
  );
});
