import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { projectRoot } from '../../scripts/stack/stack-directory.js';

/** A process that logs with what `npm test` has built, and stops on SIGTERM. */
const program = (work: string): string => `
  import { createLogger } from './dist/libs/observability/src/index.js';
  const logger = createLogger({ level: 'info', app: 'spec' });
  ${work}`;

function start(work: string) {
  return spawn(process.execPath, ['--input-type=module', '-e', program(work)], {
    cwd: projectRoot,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

describe('the log of a process', () => {
  it('is whole when it ends, in order, whatever was still waiting', async () => {
    const child = start(
      `for (let n = 0; n < 1_000; n += 1) logger[n % 100 ? 'info' : 'warn']({ n }); process.exit(3);`,
    );
    let printed = '';
    child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number];
    const numbers = printed
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { n: number }).n);
    expect([code, numbers]).toEqual([3, Array.from({ length: 1_000 }, (_, n) => n)]);
  });

  it('is written within a moment while it runs', async () => {
    const child = start(`logger.info('here'); setInterval(() => undefined, 1_000);`);
    const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
    expect(chunk.toString()).toContain('here');
    child.kill();
    await once(child, 'close');
  });

  it('does not hold up a process whose reader has gone', async () => {
    const child = start(`
      process.on('SIGTERM', () => process.exit(0));
      logger.warn('ready');
      setInterval(() => { logger.warn('anybody?'); logger.info('there?'); }, 10);`);
    await once(child.stdout, 'data');
    child.stdout.destroy();
    await new Promise((resolve) => setTimeout(resolve, 300));
    child.kill('SIGTERM');
    const killer = setTimeout(() => child.kill('SIGKILL'), 5_000);
    expect(await once(child, 'exit')).toEqual([0, null]);
    clearTimeout(killer);
  });
});
