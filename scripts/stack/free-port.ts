import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { stackError } from './stack-error.js';

// Below the ports that systems give to outgoing connections: a client that reconnects to a stopped server could
// otherwise be given the server's own port and connect to itself.
const lowest = 15_000;
const highest = 32_000;
const triesMax = 200;

// A port is free until its server listens, a second later: processes that test side by side draw from lanes of their
// own, and none draws a port twice. Or one could take the other's server for its own.
const laneCount = 4;
const laneWidth = Math.floor((highest - lowest) / laneCount);
const laneStart = lowest + (Number(process.env.JEST_WORKER_ID ?? 0) % laneCount) * laneWidth;
const drawn = new Set<number>();

/** Whether nobody listens on this port of 127.0.0.1. */
export function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  return new Promise((resolve) => {
    probe.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}

/** A free port of 127.0.0.1 that is none of `taken` and that this process was not given before. */
export async function findFreePort(taken: (number | undefined)[]): Promise<number> {
  for (let tries = 0; tries < triesMax; tries++) {
    const port = randomInt(laneStart, laneStart + laneWidth);
    if (drawn.has(port) || taken.includes(port)) continue;
    drawn.add(port);
    if (await isFree(port)) return port;
  }
  throw stackError('no_free_port', `No free port found on 127.0.0.1 from ${laneStart} on`);
}
