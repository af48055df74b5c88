import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AppError } from '#libs/errors';
import { z } from 'zod';
import { loadConfig, type Environment } from './load-config.js';

const schema = z.object({
  NAME: z.string(),
  PORT: z.coerce.number().int().min(1).max(65_535).default(8080),
  TOKEN: z.string().min(20, 'must have at least 20 characters'),
  LEVEL: z.enum(['info', 'warn']).optional(),
});
const token = 'a-token-of-twenty-characters';

function problemsOf(environment: Environment): string[] {
  try {
    loadConfig(schema, environment);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    expect(error).toMatchObject({ kind: 'invalid', code: 'invalid_configuration' });
    for (const problem of error.details ?? []) expect(error.message).toContain(problem);
    return error.details ?? [];
  }
  return [];
}

describe('loadConfig', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'latchkey-config-'));
    await writeFile(join(folder, 'token'), `${token}\n`);
    await writeFile(join(folder, 'short'), 'short');
    await writeFile(join(folder, 'empty'), '\n');
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('takes what the schema names, converted and with defaults, and nothing else', () => {
    expect(loadConfig(schema, { NAME: 'n', TOKEN: token, PORT: '99', OTHER: 'x' })).toEqual({
      NAME: 'n',
      TOKEN: token,
      PORT: 99,
    });
    expect(loadConfig(schema, { NAME: 'n', TOKEN: token })).toMatchObject({ PORT: 8080 });
  });

  it('reports every problem at once, by name', () => {
    const problems = problemsOf({ PORT: 'eighty', TOKEN: 'short', LEVEL: 'loud' });
    expect(problems.map((problem) => problem.split(':')[0])).toEqual(['NAME', 'PORT', 'TOKEN', 'LEVEL']);
  });

  it('never repeats a value, in the message, the details or the cause', () => {
    const marker = 'SECRET-MARKER';
    for (const value of [marker, `postgres://user:${marker}@host/db`, `${marker} `, `{"${marker}": 1}`]) {
      try {
        loadConfig(schema, {
          NAME: value,
          PORT: value,
          TOKEN_FILE: join(folder, value.replaceAll('/', '')),
          LEVEL: value,
        });
        throw new Error('it was accepted');
      } catch (error) {
        const { message, details, cause } = error as AppError;
        expect(message).toContain('PORT');
        expect(`${message} ${details?.join()} ${String(cause)}`).not.toContain(marker);
      }
    }
  });

  it('an empty value is as good as none', () => {
    expect(loadConfig(schema, { NAME: 'n', TOKEN: token, PORT: '', LEVEL: '' })).toMatchObject({ PORT: 8080 });
    expect(problemsOf({ NAME: '', TOKEN: token })).toEqual([expect.stringMatching(/^NAME: /)]);
  });

  it('reads a value from the file that <NAME>_FILE names, without the line break at its end', () => {
    expect(loadConfig(schema, { NAME: 'n', TOKEN_FILE: join(folder, 'token') })).toMatchObject({ TOKEN: token });
  });

  it('the variable itself wins over its file', () => {
    const environment = { NAME: 'n', TOKEN: `${token}-itself`, TOKEN_FILE: join(folder, 'token') };
    expect(loadConfig(schema, environment).TOKEN).toBe(`${token}-itself`);
  });

  it('an empty variable does not hide its file', () => {
    const environment = { NAME: 'n', TOKEN: '', TOKEN_FILE: join(folder, 'token') };
    expect(loadConfig(schema, environment).TOKEN).toBe(token);
  });

  it('a file that cannot be read, and one that holds something wrong or nothing, is named beside the other problems', () => {
    const absent = problemsOf({ TOKEN_FILE: join(folder, 'absent'), PORT: '0' });
    expect(absent).toEqual([
      'TOKEN_FILE: cannot be read (ENOENT)',
      expect.stringMatching(/^NAME: /),
      expect.stringMatching(/^PORT: /),
      expect.stringMatching(/^TOKEN: /),
    ]);
    expect(problemsOf({ NAME: 'n', TOKEN_FILE: folder })).toContain('TOKEN_FILE: cannot be read (EISDIR)');
    for (const file of ['short', 'empty']) {
      expect(problemsOf({ NAME: 'n', TOKEN_FILE: join(folder, file) })).toEqual([expect.stringMatching(/^TOKEN: /)]);
    }
  });

  it('an unreadable file stops the start although its value is optional', () => {
    const environment = { NAME: 'n', TOKEN: token, LEVEL_FILE: join(folder, 'absent') };
    expect(problemsOf(environment)).toEqual(['LEVEL_FILE: cannot be read (ENOENT)']);
  });
});
