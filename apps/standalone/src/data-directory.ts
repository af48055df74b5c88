import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

/** The folder that holds everything a standalone keeps: its database, its root KEK and its tokens. */
export class DataDirectory {
  private constructor(readonly path: string) {}

  static async open(path: string): Promise<DataDirectory> {
    const absolute = resolve(path);
    await mkdir(absolute, { recursive: true });
    return new DataDirectory(absolute);
  }

  file(name: string): string {
    return join(this.path, name);
  }

  /** `given`, or the token kept in file `name` (mode 0600), which is made on first use. */
  async token(name: 'admin-token' | 'service-token', given: string | undefined): Promise<string> {
    if (given !== undefined) return given;
    const path = this.file(name);
    const kept = await readIfThere(path);
    if (kept) return kept;
    const token = `lk_${name.replace('-token', '')}_${randomBytes(32).toString('base64url')}`;
    // The name appears with the whole token behind it: whoever is killed here leaves a draft, never half a token.
    const draft = `${path}.${randomBytes(4).toString('hex')}`;
    await writeFile(draft, `${token}\n`, { mode: 0o600, flag: 'wx' });
    await rename(draft, path);
    return token;
  }
}

/** Undefined when the file is missing or empty. */
async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).trim() || undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return undefined;
  }
}
