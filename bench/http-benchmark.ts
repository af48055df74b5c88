import { randomBytes } from 'node:crypto';
import { findFreePort } from '../scripts/stack/free-port.js';
import type { StackEnv } from '../scripts/stack/stack-directory.js';
import { closedLoop, type HttpFigures, type RepeatedRequest } from './http-load.js';
import { providers } from './call-load.js';
import { Subject } from './subject.js';

/** One repetition: the floor, then what is measured against it. */
export interface HttpRepetition {
  bare: HttpFigures;
  readKeys: HttpFigures;
  preflight: HttpFigures;
}

export interface HttpPlan {
  repetitionCount: number;
  secondsEach: number;
}

const readConnections = 8;
/** Somebody who asks before a call, and somebody else. */
const preflightConnections = 2;

/** Measures `GET /byok` against a bare route, and preflights without live checks, on the stack's PostgreSQL. */
export async function httpBenchmark(
  env: StackEnv,
  plan: HttpPlan,
  own: (starting: Promise<Subject>) => Promise<Subject>,
): Promise<HttpRepetition[]> {
  const adminToken = randomBytes(24).toString('hex');
  const bareUrl = await startBare(env, own);
  const apiUrl = await startConfigApi(env, adminToken, own);
  const { organizationId, token } = await prepareOrganization(apiUrl, adminToken);
  const authorized = { origin: apiUrl, headers: { authorization: `Bearer ${token}` } };
  const bare: RepeatedRequest = { origin: bareUrl, method: 'GET', path: `/organizations/${organizationId}` };
  const readKeys: RepeatedRequest = { ...authorized, method: 'GET', path: '/api/v1/byok' };
  const preflight: RepeatedRequest = {
    origin: apiUrl,
    method: 'POST',
    path: '/api/v1/preflight',
    headers: { ...authorized.headers, 'content-type': 'application/json' },
    body: JSON.stringify({ config: callConfig, live: false }),
  };
  const read = { connections: readConnections, seconds: plan.secondsEach };
  for (const warmUp of [bare, readKeys, preflight]) await closedLoop(warmUp, { ...read, seconds: plan.secondsEach });
  const repetitions: HttpRepetition[] = [];
  for (let number = 0; number < plan.repetitionCount; number += 1) {
    repetitions.push({
      bare: await closedLoop(bare, read),
      readKeys: await closedLoop(readKeys, read),
      preflight: await closedLoop(preflight, { connections: preflightConnections, seconds: plan.secondsEach }),
    });
  }
  return repetitions;
}

const callConfig = {
  stt_config: { provider: 'deepgram' },
  llm_config: { provider: 'openai' },
  tts_config: { provider: 'elevenlabs' },
};

async function startBare(env: StackEnv, own: (starting: Promise<Subject>) => Promise<Subject>): Promise<string> {
  const port = await findFreePort([]);
  await own(
    Subject.start({
      name: 'bare route',
      topicPrefix: '',
      entry: 'bench/bare-http-worker.js',
      env: { DATABASE_URL: env.DATABASE_URL, BENCH_HTTP_PORT: String(port) },
      isReady: (output) => output.includes('serving'),
    }),
  );
  return `http://127.0.0.1:${port}`;
}

async function startConfigApi(
  env: StackEnv,
  adminToken: string,
  own: (starting: Promise<Subject>) => Promise<Subject>,
): Promise<string> {
  const url = `http://127.0.0.1:${await findFreePort([])}`;
  await own(
    Subject.start({
      name: 'config-api',
      topicPrefix: '',
      entry: 'apps/config-api/src/main.js',
      env: {
        ...env,
        LATCHKEY_HTTP_PORT: new URL(url).port,
        LATCHKEY_ADMIN_TOKEN: adminToken,
        LATCHKEY_RATE_LIMIT_PER_MINUTE: '1000000',
        LATCHKEY_VALIDATE_KEYS: 'false',
      },
      isReady: async () => (await fetch(`${url}/health/ready`).catch(() => undefined))?.ok ?? false,
    }),
  );
  return url;
}

async function prepareOrganization(
  url: string,
  adminToken: string,
): Promise<{ organizationId: string; token: string }> {
  const created = await post(`${url}/api/v1/organizations`, adminToken, { name: 'bench' });
  const { id: organizationId, api_key: token } = created as { id: string; api_key: string };
  for (const provider of providers) {
    await post(`${url}/api/v1/byok`, token, { provider, api_key: `bench-${randomBytes(16).toString('hex')}` });
  }
  return { organizationId, token };
}

async function post(url: string, token: string, body: object): Promise<unknown> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
  return answer.json();
}
