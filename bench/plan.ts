import type { HttpPlan } from './http-benchmark.js';

/** How much a run measures. Times in seconds. */
export interface BenchPlan {
  organizationCount: number;
  /** Echo and resolver take turns this often. */
  repetitionCount: number;
  warmUpCallCount: number;
  /** Calls that wait in the topic when a drain begins. */
  backlogCallCount: number;
  /** Open loops: so many calls a second, whatever comes back. */
  loops: readonly { callsPerSecond: number; durationSeconds: number }[];
  http: HttpPlan;
}

/** What the numbers of docs/benchmarks.md are made with; under five minutes. */
export const fullPlan: BenchPlan = {
  organizationCount: 10_000,
  repetitionCount: 3,
  warmUpCallCount: 20_000,
  backlogCallCount: 40_000,
  loops: [
    { callsPerSecond: 200, durationSeconds: 8 },
    { callsPerSecond: 1_000, durationSeconds: 8 },
  ],
  http: { repetitionCount: 3, secondsEach: 4 },
};

/** Rough numbers in less than a minute. */
export const quickPlan: BenchPlan = {
  organizationCount: 2_000,
  repetitionCount: 3,
  warmUpCallCount: 5_000,
  backlogCallCount: 8_000,
  loops: [
    { callsPerSecond: 200, durationSeconds: 2 },
    { callsPerSecond: 1_000, durationSeconds: 2 },
  ],
  http: { repetitionCount: 3, secondsEach: 1 },
};
