// Usage: node .ci/summary.mjs BROKEN DIR. Sums up the jest results in DIR (`<run>.json` beside the exit code in
// `<run>.exit`), adds BROKEN to the failures, prints `N passed, N failed` and exits 1 unless all is well.
import { existsSync, readdirSync, readFileSync } from 'node:fs';

const [broken, folder] = process.argv.slice(2);
let passed = 0;
let failed = Number(broken);

const fail = (count, reason) => {
  if (count === 0) return;
  failed += count;
  console.log(`==> ${reason}`);
};

const runs = readdirSync(folder).filter((name) => name.endsWith('.exit'));
if (runs.length === 0) fail(1, 'no tests were run');
for (const file of runs) {
  const run = file.replace(/\.exit$/, '');
  const exitCode = readFileSync(`${folder}/${file}`, 'utf8').trim();
  const failedBefore = failed;
  const results = readResults(`${folder}/${run}.json`);
  passed += results.numPassedTests;
  fail(results.numFailedTests, `${run}: ${results.numFailedTests} tests failed`);
  fail(results.numRuntimeErrorTestSuites, `${run}: ${results.numRuntimeErrorTestSuites} test files could not run`);
  const skipped = results.numPendingTests + results.numTodoTests;
  fail(skipped, `${run}: ${skipped} tests were skipped`);
  if (failed === failedBefore && results.numPassedTests === 0) fail(1, `${run}: there were no tests`);
  if (failed === failedBefore && exitCode !== '0') fail(1, `${run}: ended with exit code ${exitCode}`);
}

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

/** The results of a run; counts of nothing when it ended before it wrote them all. */
function readResults(path) {
  const nothing = {
    numPassedTests: 0,
    numFailedTests: 0,
    numRuntimeErrorTestSuites: 0,
    numPendingTests: 0,
    numTodoTests: 0,
  };
  try {
    return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : nothing;
  } catch (error) {
    fail(1, `${path} cannot be read: ${error.message}`);
    return nothing;
  }
}
