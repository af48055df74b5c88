import { existsSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { topics } from '#libs/contracts';
import { ensureTopics } from '#libs/messaging';
import pg from 'pg';
import type { StackEnv } from '../scripts/stack/stack-directory.js';
import { removeBenchStack, startBenchStack } from './bench-stack.js';
import { CallLoad } from './call-load.js';
import { Driver, type Drain, type Latency } from './driver.js';
import type { BenchPlan } from './plan.js';
import { rssPeakOf } from './process-usage.js';
import { seedOrganizations } from './seed.js';
import type { Subject } from './subject.js';
import { httpBenchmark, type HttpRepetition } from './http-benchmark.js';
import { startEcho, startResolver, topicPrefixes } from './subjects.js';

export interface BenchOptions {
  plan: BenchPlan;
  /** Where to write a CPU profile of the resolver, if one is wanted. */
  profileFile?: string | undefined;
  log: (line: string) => void;
}

/** What one subject did in one repetition; `latencies` in the order of the plan's loops. */
export interface Figures {
  drain: Drain;
  latencies: Latency[];
}

/** Everything that was measured. */
export interface BenchResult {
  plan: BenchPlan;
  machine: { processor: string; cores: number; node: string; loadAverageBefore: number };
  repetitions: Record<'echo' | 'resolver', Figures>[];
  rssPeakBytes: Record<'echo' | 'resolver', number>;
  http: HttpRepetition[];
  seconds: number;
}

/** Starts servers, echo and resolver, measures, and leaves nothing behind; throws when anything is not as it must be. */
export async function benchmark(options: BenchOptions): Promise<BenchResult> {
  if (!existsSync('/proc/self/stat')) throw new Error('it reads CPU time and memory from /proc, which only Linux has');
  const run = new BenchRun(options);
  const interrupted = new Promise<never>((_resolve, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => reject(new Error('interrupted')));
  });
  try {
    return await Promise.race([run.measure(), interrupted]);
  } finally {
    await run.clearAway();
  }
}

class BenchRun {
  private readonly subjects: Subject[] = [];
  private driver: Driver | undefined;
  private readonly begun = performance.now();

  constructor(private readonly options: BenchOptions) {}

  async measure(): Promise<BenchResult> {
    const { plan } = this.options;
    const [processor] = cpus();
    const machine = {
      processor: processor?.model ?? 'unknown',
      cores: cpus().length,
      node: process.version,
      loadAverageBefore: loadavg()[0]!,
    };
    const { driver, echo, resolver, env } = await this.prepare();
    const repetitions: BenchResult['repetitions'] = [];
    for (let number = 1; number <= plan.repetitionCount; number += 1) {
      this.say(`repetition ${number} of ${plan.repetitionCount}`);
      repetitions.push({
        echo: await this.measureSubject(driver, echo),
        resolver: await this.measureSubject(driver, resolver),
      });
    }
    const rssPeakBytes = { echo: rssPeakOf(echo.pid), resolver: rssPeakOf(resolver.pid) };
    if (this.options.profileFile) await this.profile(driver, resolver, this.options.profileFile);
    await this.assertReceipts(env, this.callsPerSubject() + (this.options.profileFile ? plan.backlogCallCount : 0));
    await Promise.all([echo.stop(), resolver.stop()]);
    this.say('the HTTP API');
    const http = await httpBenchmark(env, plan.http, (starting) => this.own(starting));
    return { plan, machine, repetitions, rssPeakBytes, http, seconds: (performance.now() - this.begun) / 1_000 };
  }

  async clearAway(): Promise<void> {
    await Promise.all([this.driver?.close(), ...this.subjects.map((subject) => subject.stop())]);
    await removeBenchStack();
    this.say('servers stopped, their data deleted');
  }

  private async prepare(): Promise<{ driver: Driver; echo: Subject; resolver: Subject; env: StackEnv }> {
    const { plan, profileFile } = this.options;
    const env = await startBenchStack((line) => this.say(line));
    const { DATABASE_URL: databaseUrl, LATCHKEY_KEK_FILE: kekFile, KAFKA_BROKERS: broker } = env;
    for (const topicPrefix of Object.values(topicPrefixes)) {
      await ensureTopics(Object.values(topics), { brokers: [broker], topicPrefix, partitions: 4 });
    }
    const { organizationCount } = plan;
    const organizationIds = await seedOrganizations({ databaseUrl, kekFile, organizationCount });
    this.say(`${organizationCount} organizations with three sealed keys each`);
    const driver = await Driver.connect(broker, Object.values(topicPrefixes), new CallLoad(organizationIds));
    this.driver = driver;
    const echo = await this.own(startEcho(env));
    const resolver = await this.own(startResolver(env, profileFile && resolve(profileFile)));
    for (const subject of [echo, resolver]) {
      await driver.drain(subject, plan.warmUpCallCount);
      this.say(`${subject.name} warmed up with ${plan.warmUpCallCount} calls`);
    }
    return { driver, echo, resolver, env };
  }

  private async own(starting: Promise<Subject>): Promise<Subject> {
    const subject = await starting;
    this.subjects.push(subject);
    return subject;
  }

  private async measureSubject(driver: Driver, subject: Subject): Promise<Figures> {
    const { backlogCallCount, loops } = this.options.plan;
    const drain = await driver.drain(subject, backlogCallCount);
    const said = [`${drain.callsPerSecond.toFixed(0)} calls/s`];
    const latencies: Latency[] = [];
    for (const { callsPerSecond, durationSeconds } of loops) {
      const latency = await driver.openLoop(subject, callsPerSecond, durationSeconds);
      latencies.push(latency);
      said.push(`at ${callsPerSecond}/s p50 ${latency.p50.toFixed(1)} ms, p99 ${latency.p99.toFixed(1)} ms`);
    }
    this.say(`  ${subject.name}: ${said.join('; ')}`);
    return { drain, latencies };
  }

  private async profile(driver: Driver, resolver: Subject, file: string): Promise<void> {
    resolver.signal('SIGVTALRM');
    await sleep(500);
    await driver.drain(resolver, this.options.plan.backlogCallCount);
    resolver.signal('SIGVTALRM');
    await sleep(2_000);
    this.say(`CPU profile of the resolver: ${file}`);
  }

  private callsPerSubject(): number {
    const { plan } = this.options;
    const inLoops = plan.loops.reduce((sum, loop) => sum + loop.callsPerSecond * loop.durationSeconds, 0);
    return plan.warmUpCallCount + plan.repetitionCount * (plan.backlogCallCount + inLoops);
  }

  /** Every call that the resolver answered must have its receipt. */
  private async assertReceipts(env: StackEnv, expected: number): Promise<void> {
    const client = new pg.Client({ connectionString: env.DATABASE_URL });
    await client.connect();
    const { rows } = await client.query<{ count: string }>('SELECT count(*) FROM receipt');
    await client.end();
    if (Number(rows[0]?.count) !== expected) throw new Error(`${expected} calls left ${rows[0]?.count} receipts`);
    this.say(`${expected} calls of the resolver, ${expected} receipts`);
  }

  private say(line: string): void {
    this.options.log(`${((performance.now() - this.begun) / 1_000).toFixed(0).padStart(4)} s  ${line}`);
  }
}
