#!/usr/bin/env node
// `npm run demo` on a fresh clone: installs, builds, then walks through the product (scripts/demo/).
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { prepare } from './prepare.mjs';

if (process.argv.includes('--help')) {
  console.log(
    'Usage: npm run demo\nInstalls and builds Latchkey, then shows the main job in half a minute. Leaves nothing running.',
  );
} else {
  prepare();
  const walk = fileURLToPath(new URL('../dist/scripts/demo/main.js', import.meta.url));
  const child = spawn(process.execPath, [walk], { stdio: 'inherit' });
  // It stops what it has started, and this process waits for that.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code) => (process.exitCode = code ?? 1));
}
