import { afterAll, beforeAll } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalFileKekProvider, MemoryKekProvider } from '#libs/crypto';
import { kekProviderContract } from './kek-provider.contract.js';

let directory: string;
let files = 0;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kek-provider-'));
});

afterAll(() => rm(directory, { recursive: true }));

kekProviderContract({ name: 'memory', create: async () => new MemoryKekProvider() });

kekProviderContract({
  name: 'local file',
  create: () => LocalFileKekProvider.open(join(directory, `root-kek-${(files += 1)}`), { createIfMissing: true }),
});
