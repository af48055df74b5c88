// Exits 0 when node_modules holds exactly the versions of package-lock.json, otherwise says why not and exits 1.
import { existsSync, readFileSync } from 'node:fs';

const installedPath = 'node_modules/.package-lock.json';
const reason = existsSync(installedPath) ? firstDifference() : 'node_modules is missing';
if (reason) {
  console.log(`==> ${reason}`);
  process.exitCode = 1;
}

function firstDifference() {
  const wanted = packagesOf('package-lock.json');
  const installed = packagesOf(installedPath);
  for (const [path, { version, optional, devOptional }] of Object.entries(wanted)) {
    const found = installed[path]?.version;
    const mayBeAbsent = optional || devOptional;
    if (path !== '' && found !== version && !(mayBeAbsent && found === undefined)) {
      return `node_modules is stale: ${path} is ${found ?? 'missing'}, not ${version}`;
    }
  }
  return undefined;
}

function packagesOf(path) {
  return JSON.parse(readFileSync(path, 'utf8')).packages;
}
