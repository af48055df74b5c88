import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
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
    try {
      return (await readFile(path, 'utf8')).trim();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    const token = `lk_${name.replace('-token', '')}_${randomBytes(32).toString('base64url')}`;
    await writeFile(path, `${token}\n`, { mode: 0o600, flag: 'wx' });
    return token;
  }
}
