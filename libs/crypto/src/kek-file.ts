import { constants } from 'node:fs';
import { link, open, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError } from '#libs/errors';
import { decodeHex, encodeHex } from './hex-bytes.js';
import { randomSecret, randomToken } from './random.js';
import { SecretBytes } from './secret-bytes.js';
import { keyLength } from './subkey.js';

export interface KekFileOptions {
  /** Whether a missing file is made, with a new random key. */
  createIfMissing: boolean;
}

const ownerOnly = 0o600;
const groupAndOthers = 0o077;
const hexLength = keyLength * 2;
const newline = 0x0a;
/** Windows has no modes to check and cannot sync a directory. */
const posix = process.platform !== 'win32';

/** The key in the file: 64 hex digits and a newline, readable by its owner only. Errors say what to do. */
export async function openKekFile(path: string, options: KekFileOptions): Promise<SecretBytes> {
  const key = await readKekFile(path);
  if (key) return key;
  if (options.createIfMissing) await createKekFile(path);
  const created = await readKekFile(path);
  if (created) return created;
  throw new AppError('internal', 'kek_file_missing', {
    message: `There is no root KEK at ${path}: put the file there that this database was set up with.`,
  });
}

async function readKekFile(path: string): Promise<SecretBytes | undefined> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    await requireOwnerOnly(file, path);
    return await readKey(file, path);
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return undefined;
    if (cause instanceof AppError) throw cause;
    throw unreadable(path, cause);
  } finally {
    await file?.close();
  }
}

async function requireOwnerOnly(file: FileHandle, path: string): Promise<void> {
  const found = await file.stat();
  if (!found.isFile()) throw unreadable(path);
  if (!posix || (found.mode & groupAndOthers) === 0) return;
  throw new AppError('internal', 'kek_file_permissions', {
    message: `The root KEK ${path} is open to others than its owner: run chmod 600 '${path}', and replace the key if someone may have read it.`,
  });
}

async function readKey(file: FileHandle, path: string): Promise<SecretBytes> {
  const content = Buffer.alloc(hexLength + 2);
  try {
    const { bytesRead } = await file.read(content, 0, content.length, 0);
    const ended = bytesRead === hexLength || (bytesRead === hexLength + 1 && content[hexLength] === newline);
    const key = ended ? decodeHex(content.subarray(0, hexLength)) : undefined;
    if (key) return SecretBytes.take(key);
  } finally {
    content.fill(0);
  }
  throw new AppError('internal', 'kek_file_garbled', {
    message: `The root KEK ${path} is not ${hexLength} hex digits and a newline: restore it from its backup.`,
  });
}

/**
 * The finished draft is linked to its name, which fails when the name is taken: of several processes that start at
 * once one wins, the others read its key, and nobody ever sees a half-written file.
 */
async function createKekFile(path: string): Promise<void> {
  const draft = `${path}.${randomToken(8).toString('hex')}.draft`;
  try {
    await writeDraft(draft);
    await link(draft, path);
    if (posix) await syncDirectory(dirname(path));
  } catch (cause) {
    if (hasCode(cause, 'EEXIST')) return;
    throw new AppError('internal', 'kek_file_unwritable', { message: `The root KEK ${path} cannot be made.`, cause });
  } finally {
    await rm(draft, { force: true });
  }
}

async function writeDraft(draft: string): Promise<void> {
  const key = randomSecret(keyLength);
  const hex = key.use(encodeHex);
  const file = await open(draft, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, ownerOnly);
  try {
    await file.writeFile(hex);
    await file.writeFile('\n');
    await file.sync();
  } finally {
    await file.close();
    hex.fill(0);
    key.destroy();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function unreadable(path: string, cause?: unknown): AppError {
  return new AppError('internal', 'kek_file_unreadable', {
    message: `The root KEK ${path} cannot be read: it has to be a file of the user that runs this.`,
    cause,
  });
}

function hasCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}
