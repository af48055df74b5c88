import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { LocalFileKekProvider } from './local-file-kek.provider.js';

const hex = '0123456789abcdef'.repeat(4);
let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kek-file-'));
  path = join(directory, 'root-kek');
});

afterEach(() => rm(directory, { recursive: true }));

async function keyIdOf(createIfMissing: boolean): Promise<string> {
  const provider = await LocalFileKekProvider.open(path, { createIfMissing });
  const { keyId } = await provider.status();
  provider.close();
  return keyId;
}

async function expectRefused(createIfMissing: boolean, code: string, message: string): Promise<void> {
  await expect(keyIdOf(createIfMissing)).rejects.toMatchObject({
    kind: 'internal',
    code,
    message: expect.stringContaining(message),
  });
}

describe('the file of the root KEK', () => {
  it('is made with 32 random bytes in hex that only the owner can read, and nothing beside it', async () => {
    await keyIdOf(true);
    expect(await readFile(path, 'utf8')).toMatch(/^[0-9a-f]{64}\n$/);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(directory)).toEqual(['root-kek']);
  });

  it('is made once: later opens read the same key', async () => {
    const made = await keyIdOf(true);
    expect(await keyIdOf(true)).toBe(made);
    expect(await keyIdOf(false)).toBe(made);
  });

  it('ends with one key when many processes start at once, or one soon after the other', async () => {
    for (let round = 0; round < 20; round += 1) {
      path = join(directory, `root-kek-${round}`);
      const opens = Array.from({ length: 8 }, async (_, turns) => {
        for (let turn = 0; turn < turns * round; turn += 1) await setImmediate();
        return keyIdOf(true);
      });
      expect(new Set(await Promise.all(opens)).size).toBe(1);
    }
    expect(await readdir(directory)).toHaveLength(20);
  });

  it.each([0o640, 0o604, 0o660, 0o666, 0o610])('is refused with mode %p, saying which chmod to run', async (mode) => {
    await keyIdOf(true);
    await chmod(path, mode);
    await expectRefused(true, 'kek_file_permissions', `chmod 600 '${path}'`);
  });

  it.each([0o600, 0o400])('is accepted with mode %p', async (mode) => {
    const made = await keyIdOf(true);
    await chmod(path, mode);
    expect(await keyIdOf(false)).toBe(made);
  });

  it('is refused through a link to a file that others can read', async () => {
    const target = join(directory, 'target');
    await writeFile(target, `${hex}\n`, { mode: 0o644 });
    await symlink(target, path);
    await expectRefused(true, 'kek_file_permissions', 'chmod 600');
  });

  it('is not made unless that is wanted', async () => {
    await expectRefused(false, 'kek_file_missing', path);
    expect(await readdir(directory)).toEqual([]);
  });

  it('is not made in a directory that does not exist', async () => {
    path = join(directory, 'nowhere', 'root-kek');
    await expectRefused(true, 'kek_file_unwritable', path);
  });

  it('is refused when it is a directory', async () => {
    await mkdir(path);
    await expectRefused(true, 'kek_file_unreadable', path);
  });

  it.each([
    ['empty', ''],
    ['short', `${hex.slice(1)}\n`],
    ['long', `${hex}0\n`],
    ['not hex', `${hex.slice(1)}g\n`],
    ['two lines', `${hex}\n\n`],
    ['ended by another sign', `${hex} `],
    ['raw', '\u0001'.repeat(32)],
  ])('is refused when it is %s, and left as it is', async (_name, content) => {
    await writeFile(path, content, { mode: 0o600 });
    await expectRefused(true, 'kek_file_garbled', path);
    expect(await readFile(path, 'utf8')).toBe(content);
  });

  it('never shows what it holds in an error', async () => {
    await writeFile(path, `${hex.slice(1)}g\n`, { mode: 0o600 });
    await expect(keyIdOf(false)).rejects.not.toMatchObject({ message: expect.stringContaining(hex.slice(1, 9)) });
  });

  it('reads the same key with or without a newline, in either case', async () => {
    const keyIds = new Set<string>();
    for (const content of [`${hex}\n`, hex, hex.toUpperCase()]) {
      await writeFile(path, content, { mode: 0o600 });
      keyIds.add(await keyIdOf(false));
    }
    expect(keyIds.size).toBe(1);
  });
});
