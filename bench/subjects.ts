import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findFreePort } from '../scripts/stack/free-port.js';
import { projectRoot, type StackEnv } from '../scripts/stack/stack-directory.js';
import { Subject } from './subject.js';

/** Topics of each subject. */
export const topicPrefixes: Readonly<Record<'echo' | 'resolver', string>> = { echo: 'echo.', resolver: 'resolver.' };

export function startEcho(env: StackEnv): Promise<Subject> {
  return Subject.start({
    name: 'echo',
    topicPrefix: topicPrefixes.echo,
    entry: 'bench/echo-worker.js',
    env: { KAFKA_BROKERS: env.KAFKA_BROKERS, BENCH_TOPIC_PREFIX: topicPrefixes.echo },
    isReady: (output) => output.includes('ready'),
  });
}

/** The resolver as `npm run start:resolver` starts it; with `profileFile` ready to be profiled. */
export async function startResolver(env: StackEnv, profileFile: string | undefined): Promise<Subject> {
  const httpPort = await findFreePort([]);
  const grpcPort = await findFreePort([httpPort]);
  return Subject.start({
    name: 'resolver',
    topicPrefix: topicPrefixes.resolver,
    entry: 'apps/resolver/src/main.js',
    nodeOptions: [...(await startOptions()), ...(profileFile ? ['--import', './dist/bench/profile-preload.js'] : [])],
    env: {
      ...env,
      LATCHKEY_TOPIC_PREFIX: topicPrefixes.resolver,
      LATCHKEY_RESOLVER_HTTP_PORT: String(httpPort),
      LATCHKEY_GRPC_PORT: String(grpcPort),
      ...(profileFile && { BENCH_PROFILE_FILE: profileFile }),
    },
    isReady: () => answersOk(`http://127.0.0.1:${httpPort}/health/ready`),
  });
}

/** Node's options in the start script, without the one that reads the environment. */
async function startOptions(): Promise<string[]> {
  const { scripts } = JSON.parse(await readFile(join(projectRoot, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  return scripts['start:resolver']?.match(/--(?!env-file)\S+/g) ?? [];
}

async function answersOk(url: string): Promise<boolean> {
  const answer = await fetch(url).catch(() => undefined);
  await answer?.body?.cancel();
  return answer?.ok ?? false;
}
