#!/usr/bin/env node
// Makes a clone ready to run: installs the locked packages unless they are there, and builds. Needs Node and npm only.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Ends the process with exit code 1 and what npm said when something fails. */
export function prepare({ build = true } = {}) {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19))
    fail(`Latchkey needs Node 20.19 or newer; this is ${process.version}.`);
  const check = spawnSync(process.execPath, ['scripts/is-installed.mjs'], { cwd: root });
  if (check.status !== 0) run('Installing the packages', ['ci', '--no-audit', '--no-fund']);
  if (build) run('Building', ['run', 'build']);
}

function run(title, command) {
  const started = Date.now();
  process.stdout.write(`${title}… `);
  const { status, stdout, stderr } = spawnSync('npm', command, { cwd: root, encoding: 'utf8' });
  if (status !== 0) fail(`failed.\n${stdout}${stderr}\n"npm ${command.join(' ')}" failed, see above.`);
  console.log(`${((Date.now() - started) / 1000).toFixed(1)} s`);
}

function fail(message) {
  console.error(message);
  process.exit(1);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) prepare();
