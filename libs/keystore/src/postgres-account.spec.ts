import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { runAs } from './postgres-account.js';

describe('runAs', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'latchkey-account-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** A program that Ctrl-C ends `times` times before it comes to its end. */
  const interrupted = (times: number): string[] => [
    '-c',
    `cd ${folder}; n=$(ls | wc -l); touch $n; [ $n -ge ${times} ] || kill -INT $$; echo done`,
  ];

  it('runs a program again that Ctrl-C met before it had a process group of its own', async () => {
    expect(await runAs(undefined, 'sh', interrupted(2))).toEqual({ code: 0, output: 'done' });
    expect(await readdir(folder)).toHaveLength(3);
  });

  it('does not run it for ever', async () => {
    expect(await runAs(undefined, 'sh', interrupted(1_000))).toMatchObject({ code: 1 });
  });

  it('runs a program once that ends by itself, however', async () => {
    expect(await runAs(undefined, 'sh', ['-c', `touch ${folder}/$$; echo why; exit 3`])).toEqual({
      code: 3,
      output: 'why',
    });
    expect(await readdir(folder)).toHaveLength(1);
  });
});
