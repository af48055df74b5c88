import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { benchmark } from './benchmark.js';
import { fullPlan, quickPlan } from './plan.js';
import { checkTargets, renderReport } from './report.js';

const help = `Usage: npm run bench -- [options]

Measures the resolver end to end against a bare kafkajs echo, on servers of its own in .stack/bench: calls a second out
of a backlog, latency at fixed rates, calls per second of CPU time, memory. What is measured how: docs/benchmarks.md.
Takes less than five minutes, and Linux (it reads /proc). Exit code 0 whatever the numbers.

  --quick          a smaller run, less than a minute: rough numbers
  --assert         exit code 1 when a target is missed
  --json FILE      also writes everything that was measured
  --profile FILE   also writes a CPU profile of the resolver working off a backlog (for Chrome's DevTools)
  --help`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      assert: { type: 'boolean', default: false },
      json: { type: 'string' },
      profile: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.log(help);
    return 0;
  }
  const result = await benchmark({
    plan: values.quick ? quickPlan : fullPlan,
    profileFile: values.profile,
    log: (line) => console.log(line),
  });
  const targets = checkTargets(result);
  console.log(renderReport(result, targets));
  if (values.json) await writeFile(values.json, `${JSON.stringify({ ...result, targets }, undefined, 2)}\n`);
  return values.assert && targets.some(({ met }) => !met) ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`The benchmark stopped: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
