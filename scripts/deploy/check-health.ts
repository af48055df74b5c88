import { argv } from 'node:process';

/** Health check of the images: exit code 0 when the app on this container's port says that it is ready. */
const port = Number(argv[2]);
const timeoutMs = 3_000;

try {
  const answer = await fetch(`http://127.0.0.1:${port}/health/ready`, { signal: AbortSignal.timeout(timeoutMs) });
  console.log(await answer.text());
  process.exitCode = answer.ok ? 0 : 1;
} catch (error) {
  console.error(`No answer on port ${port}: ${String(error)}`);
  process.exitCode = 1;
}
