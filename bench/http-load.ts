import { Pool } from 'undici';
import { percentile } from './statistics.js';

/** A request that is sent over and over. */
export interface RepeatedRequest {
  origin: string;
  method: 'GET' | 'POST';
  path: string;
  headers?: Record<string, string>;
  body?: string;
}

/** What a closed loop measured; latencies in milliseconds. */
export interface HttpFigures {
  requestsPerSecond: number;
  p50: number;
  p99: number;
}

/** Sends the request on so many connections, the next one as soon as one is answered. Throws when an answer is not 200. */
export async function closedLoop(
  request: RepeatedRequest,
  { connections, seconds }: { connections: number; seconds: number },
): Promise<HttpFigures> {
  const pool = new Pool(request.origin, { connections });
  const latencies: number[] = [];
  const begun = performance.now();
  const until = begun + seconds * 1_000;
  const caller = async (): Promise<void> => {
    while (performance.now() < until) {
      const sentAt = performance.now();
      const { statusCode, body } = await pool.request(request);
      const text = await body.text();
      if (statusCode !== 200) throw new Error(`${request.path} answered ${statusCode}: ${text}`);
      latencies.push(performance.now() - sentAt);
    }
  };
  try {
    await Promise.all(Array.from({ length: connections }, caller));
  } finally {
    await pool.close();
  }
  const sorted = Float64Array.from(latencies);
  return {
    requestsPerSecond: latencies.length / ((performance.now() - begun) / 1_000),
    p50: percentile(sorted, 0.5),
    p99: percentile(sorted, 0.99),
  };
}
