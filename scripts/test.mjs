#!/usr/bin/env node
// Runs jest as the whole repository needs it: builds the apps, starts the real servers, and stops them afterwards.
// Everything after the script's own name goes to jest.
import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { prepare } from './prepare.mjs';

const help = `Usage: npm test -- [what to run]

  npm test                                    everything; starts the real servers it needs
  npm test -- --selectProjects unit           only the tests beside the code, no servers
  npm test -- libs/crypto                     files whose path matches
  npm test -- -t 'revoke'                     tests whose name matches
  npm test -- --json --outputFile=out.json    also writes the results as JSON

Every other option of jest works too: npx jest --help
LATCHKEY_TEST_KEEP_STACK=1 leaves the servers running (in .stack/test) for the next run.`;

const root = fileURLToPath(new URL('..', import.meta.url));
const stackDirectory = `${root}.stack/test`;
const workersDefault = '2';

async function main(given) {
  if (given.includes('--help') || given.includes('-h')) {
    console.log(help);
    return 0;
  }
  // Unit tests run from the sources; the real apps run from dist/.
  const unitOnly = /--selectProjects[ =]unit(?! real)/.test(given.join(' '));
  prepare({ build: !unitOnly });
  return unitOnly ? runJest(given, {}) : withRealServers((env) => runJest(given, env));
}

async function withRealServers(work) {
  const { startStack } = await import('../dist/scripts/stack/start-stack.js');
  const { stopStack } = await import('../dist/scripts/stack/stop-stack.js');
  try {
    const env = await startStack({ directory: stackDirectory, log: (line) => console.log(`test stack: ${line}`) });
    return await work(env);
  } catch (error) {
    console.error(`The tests cannot run: ${error.message}`);
    return 1;
  } finally {
    if (!process.env.LATCHKEY_TEST_KEEP_STACK) {
      await stopStack(stackDirectory);
      await rm(stackDirectory, { recursive: true, force: true });
    }
  }
}

function runJest(given, env) {
  const names = (...options) => given.some((argument) => options.some((option) => argument.split('=')[0] === option));
  const jest = spawn(
    process.execPath,
    [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      fileURLToPath(import.meta.resolve('jest/bin/jest')),
      ...(names('-w', '--maxWorkers', '-i', '--runInBand') ? [] : [`--maxWorkers=${workersDefault}`]),
      ...given,
    ],
    { stdio: 'inherit', cwd: root, env: { ...process.env, ...env } },
  );
  // Stay until jest has ended, so that nothing is left running behind whoever sent the signal.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => jest.kill(signal));
  return new Promise((resolve) => jest.once('exit', (code) => resolve(code ?? 1)));
}

process.exitCode = await main(process.argv.slice(2));
