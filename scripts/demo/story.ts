/** Prints the demo: numbered steps, what each of them proves, and tables. */
export class Story {
  private steps = 0;
  private readonly started = performance.now();

  /** Begins a step. */
  step(title: string): void {
    this.steps += 1;
    this.print(`\n${this.steps}. ${title}`);
  }

  say(line: string): void {
    this.print(`   ${line}`);
  }

  /** What has just been shown to be true; ends the demo with this sentence when it is not. */
  proves(claim: string, holds: boolean): void {
    if (!holds) throw new NotAsClaimed(claim);
    this.print(`   ✔ ${claim}`);
  }

  table(rows: readonly Record<string, string | number>[]): void {
    const columns = Object.keys(rows[0] ?? {});
    const widths = columns.map((column) =>
      Math.max(column.length, ...rows.map((row) => String(row[column] ?? '').length)),
    );
    const line = (cells: readonly string[]): string =>
      cells
        .map((cell, index) => cell.padEnd(widths[index]!))
        .join('  ')
        .trimEnd();
    this.say(line(columns));
    this.say(line(widths.map((width) => '─'.repeat(width))));
    for (const row of rows) this.say(line(columns.map((column) => String(row[column] ?? ''))));
  }

  end(): void {
    this.print(
      `\nAll of it held, in ${((performance.now() - this.started) / 1_000).toFixed(1)} s. Nothing is left running.`,
    );
    this.print('Next: "npm start" keeps it running, README.md shows the rest.');
  }

  private print(line: string): void {
    process.stdout.write(`${line}\n`);
  }
}

/** Something the demo claims was not so. */
export class NotAsClaimed extends Error {
  constructor(claim: string) {
    super(`not as claimed: ${claim}`);
    this.name = 'NotAsClaimed';
  }
}

/** The value below which the share `quantile` of the values lies, in the unit of the values. */
export function quantileOf(values: readonly number[], quantile: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * quantile))] ?? Number.NaN;
}
