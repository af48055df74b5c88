import type { BenchResult, Figures } from './benchmark.js';
import type { HttpFigures } from './http-load.js';
import { summarize, type Summary } from './statistics.js';

/** A promise about the numbers, and whether this run kept it. */
export interface Target {
  name: string;
  wanted: string;
  measured: number;
  met: boolean;
}

/** The targets, against the medians of a run. */
export function checkTargets(result: BenchResult): Target[] {
  const throughput = ratio(result, callsPerSecond).median;
  const p99 = ratio(result, ({ latencies }) => latencies.at(-1)!.p99).median;
  const cpu = of(result, 'resolver', callsPerCpuSecond).median;
  const rssMegabytes = result.rssPeakBytes.resolver / 1e6;
  const readKeys = summarize(
    result.http.map((one) => one.readKeys.requestsPerSecond / one.bare.requestsPerSecond),
  ).median;
  const preflight = summarize(result.http.map((one) => one.preflight.p99)).median;
  const rate = result.plan.loops.at(-1)!.callsPerSecond;
  return [
    { name: 'throughput', wanted: '≥ 0.30 × the echo', measured: throughput, met: throughput >= 0.3 },
    { name: `p99 at ${rate}/s`, wanted: '≤ 2 × the echo', measured: p99, met: p99 <= 2 },
    { name: 'calls per CPU second', wanted: '≥ 10,000', measured: cpu, met: cpu >= 10_000 },
    { name: 'GET /byok', wanted: '≥ 0.50 × a bare route with one read', measured: readKeys, met: readKeys >= 0.5 },
    { name: 'p99 of a preflight in ms', wanted: '≤ 5', measured: preflight, met: preflight <= 5 },
    { name: 'RSS peak in MB', wanted: '≤ 250', measured: rssMegabytes, met: rssMegabytes <= 250 },
  ];
}

/** The result as text: machine, table, targets. */
export function renderReport(result: BenchResult, targets: readonly Target[]): string {
  const { machine, plan, repetitions } = result;
  const table = renderTable([
    ['', 'echo', 'resolver', 'resolver / echo'],
    row(result, 'calls/s out of a backlog', 0, callsPerSecond),
    row(result, 'calls per CPU second', 0, callsPerCpuSecond),
    ...plan.loops.flatMap(({ callsPerSecond: rate }, loop) => [
      row(result, `p50 at ${rate}/s, ms`, 1, ({ latencies }) => latencies[loop]!.p50),
      row(result, `p99 at ${rate}/s, ms`, 1, ({ latencies }) => latencies[loop]!.p99),
    ]),
    rssRow(result),
  ]);
  const verdicts = targets.map(
    ({ name, wanted, measured, met }) => `  ${met ? 'met   ' : 'MISSED'}  ${name}: ${number(measured, 2)} (${wanted})`,
  );
  return `
${machine.cores} × ${machine.processor}, Node ${machine.node}, load average ${machine.loadAverageBefore.toFixed(1)} before the run, ${result.seconds.toFixed(0)} s
${repetitions.length} repetitions, echo and resolver in turn: median (least … greatest); the ratio is that of each repetition

${table}

${httpTable(result)}

Targets
${verdicts.join('\n')}`;
}

function httpTable({ http }: BenchResult): string {
  const cells = (measure: (figures: HttpFigures) => number, digits: number): string[] =>
    (['bare', 'readKeys', 'preflight'] as const).map((name) =>
      spread(summarize(http.map((repetition) => measure(repetition[name]))), digits),
    );
  return renderTable([
    ['', 'bare route', 'GET /byok', 'preflight'],
    ['requests/s', ...cells(({ requestsPerSecond }) => requestsPerSecond, 0)],
    ['p50, ms', ...cells(({ p50 }) => p50, 2)],
    ['p99, ms', ...cells(({ p99 }) => p99, 2)],
  ]);
}

type Measure = (figures: Figures) => number;

const callsPerSecond: Measure = ({ drain }) => drain.callsPerSecond;
const callsPerCpuSecond: Measure = ({ drain }) => drain.callsPerCpuSecond;

function of({ repetitions }: BenchResult, name: 'echo' | 'resolver', measure: Measure): Summary {
  return summarize(repetitions.map((figures) => measure(figures[name])));
}

function ratio({ repetitions }: BenchResult, measure: Measure): Summary {
  return summarize(repetitions.map(({ echo, resolver }) => measure(resolver) / measure(echo)));
}

function row(result: BenchResult, name: string, digits: number, measure: Measure): string[] {
  return [
    name,
    spread(of(result, 'echo', measure), digits),
    spread(of(result, 'resolver', measure), digits),
    spread(ratio(result, measure), 2),
  ];
}

function rssRow({ rssPeakBytes: { echo, resolver } }: BenchResult): string[] {
  return ['RSS peak, MB', number(echo / 1e6, 0), number(resolver / 1e6, 0), number(resolver / echo, 2)];
}

function spread({ median, min, max }: Summary, digits: number): string {
  return `${number(median, digits)} (${number(min, digits)} … ${number(max, digits)})`;
}

function number(value: number, digits: number): string {
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function renderTable(rows: readonly string[][]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((cells) => cells[column]!.length)));
  return rows
    .map((cells) =>
      cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join('  '),
    )
    .join('\n');
}
