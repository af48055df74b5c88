import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DataDirectory } from './data-directory.js';

describe('the token file of a data directory', () => {
  let folder: string;
  let directory: DataDirectory;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'latchkey-spec-'));
    directory = await DataDirectory.open(join(folder, 'data'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const kept = (): Promise<string> => readFile(directory.file('admin-token'), 'utf8');

  it('is made on first use, for its owner alone, and read from then on', async () => {
    const token = await directory.token('admin-token', undefined);
    expect(token).toMatch(/^lk_admin_[\w-]{43}$/);
    expect(await kept()).toBe(`${token}\n`);
    expect((await stat(directory.file('admin-token'))).mode & 0o777).toBe(0o600);
    expect(await (await DataDirectory.open(directory.path)).token('admin-token', undefined)).toBe(token);
    expect(await directory.token('service-token', undefined)).toMatch(/^lk_service_[\w-]{43}$/);
    expect((await readdir(directory.path)).sort()).toEqual(['admin-token', 'service-token']);
  });

  it('is left alone when a token is given', async () => {
    expect(await directory.token('admin-token', 'given')).toBe('given');
    expect(await readdir(directory.path)).toEqual([]);
  });

  it('holds a whole token at every moment that somebody looks', async () => {
    const seen = new Set<string>();
    let done = false;
    const looking = (async () => {
      while (!done) seen.add(await kept().catch(() => 'not there'));
    })();
    for (let n = 0; n < 200; n += 1) {
      await rm(directory.file('admin-token'), { force: true });
      seen.add(`${await directory.token('admin-token', undefined)}\n`);
    }
    done = true;
    await looking;
    for (const text of seen) expect(text).toMatch(/^(not there|lk_admin_[\w-]{43}\n)$/);
  });

  it('is made anew when a process died while it wrote: a draft is no token, and neither is an empty file', async () => {
    await writeFile(`${directory.file('admin-token')}.0a1b2c3d`, 'lk_admin_half');
    await writeFile(directory.file('admin-token'), '');
    const token = await directory.token('admin-token', undefined);
    expect(token).toMatch(/^lk_admin_[\w-]{43}$/);
    expect(await kept()).toBe(`${token}\n`);
  });

  it('that cannot be read is an error, not a new token', async () => {
    const path = directory.file('admin-token');
    await DataDirectory.open(path);
    await expect(directory.token('admin-token', undefined)).rejects.toThrow('EISDIR');
  });
});
