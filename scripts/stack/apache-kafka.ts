import { access, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { randomBytes } from 'node:crypto';
import { ensurePrograms, runLogged } from './programs.js';
import type { ServerProcess } from './server-process.js';
import { projectRoot, type StackDirectory } from './stack-directory.js';
import { stackError } from './stack-error.js';

const kafkaVersion = '4.3.1';
const pomFile = join(projectRoot, 'scripts', 'stack', 'kafka-pom.xml');
const logSettings = join(projectRoot, 'scripts', 'stack', 'kafka-log4j2.properties');
const jarsRoot = join(projectRoot, '.stack', 'kafka');
const jars = join(jarsRoot, kafkaVersion);
const javaMemory = ['-Xms256m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:-UsePerfData'];

export interface KafkaPorts {
  broker: number;
  controller: number;
}

/** Fetches the jars of Apache Kafka through Maven, once: the directory appears only when it is complete. */
export async function ensureKafkaJars(directory: StackDirectory, log: (line: string) => void): Promise<void> {
  if (await exists(jars)) return;
  const logFile = directory.logFile('maven');
  await ensurePrograms(['maven'], directory.logFile('apt'), log);
  log(`fetching Apache Kafka ${kafkaVersion} through Maven (once, about 55 MB)`);
  const stage = join(jarsRoot, `stage-${randomBytes(4).toString('hex')}`);
  await mkdir(stage, { recursive: true });
  try {
    const code = await runLogged('mvn', mavenArguments(stage), logFile);
    if (code !== 0) {
      throw stackError(
        'kafka_not_fetched',
        `Maven could not fetch Apache Kafka ${kafkaVersion}: ${await lastError(logFile)}; see ${logFile}`,
      );
    }
    await rename(join(stage, 'jars'), jars);
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

/** Starts one broker that is its own controller (KRaft), with settings for a small machine; formats its storage first if new. */
export async function launchKafka(server: ServerProcess, directory: StackDirectory, ports: KafkaPorts): Promise<void> {
  await directory.write('kafka.properties', kafkaProperties(ports));
  if (!(await exists(join(directory.path, 'kafka-data', 'meta.properties')))) await formatStorage(directory);
  await server.launch('java', javaArguments(directory, ['kafka.Kafka', 'kafka.properties']));
}

async function formatStorage(directory: StackDirectory): Promise<void> {
  const clusterId = randomBytes(16).toString('base64url');
  const format = ['kafka.tools.StorageTool', 'format', `--cluster-id=${clusterId}`, '-c', 'kafka.properties'];
  const logFile = directory.logFile('kafka-format');
  const code = await runLogged('java', javaArguments(directory, format), logFile, directory.path);
  if (code !== 0) throw stackError('kafka_not_formatted', `Kafka's storage could not be prepared; see ${logFile}`);
}

/** Paths are relative to the stack's directory: neither a class path nor `log.dirs` can hold every character. */
function javaArguments({ path }: StackDirectory, main: string[]): string[] {
  const settings = [`-Dlog4j2.configurationFile=${relative(path, logSettings)}`, '-Djava.io.tmpdir=tmp'];
  return [...javaMemory, '-XX:+ExitOnOutOfMemoryError', ...settings, '-cp', `${relative(path, jars)}/*`, ...main];
}

function kafkaProperties({ broker, controller }: KafkaPorts): string {
  const settings = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controller}`,
    listeners: `PLAINTEXT://127.0.0.1:${broker},CONTROLLER://127.0.0.1:${controller}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${broker}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': 'kafka-data',
    'auto.create.topics.enable': false,
    'default.replication.factor': 1,
    'offsets.topic.num.partitions': 1,
    'offsets.topic.replication.factor': 1,
    'transaction.state.log.num.partitions': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'share.coordinator.state.topic.num.partitions': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    // A broker that was killed may come back as soon as its old registration has run out.
    'broker.heartbeat.interval.ms': 500,
    'broker.session.timeout.ms': 4_000,
    'group.initial.rebalance.delay.ms': 0,
    'log.cleaner.dedupe.buffer.size': 8_388_608,
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

function mavenArguments(stage: string): string[] {
  const goal = [
    'org.apache.maven.plugins:maven-dependency-plugin:copy-dependencies',
    '-DincludeScope=runtime',
    `-DoutputDirectory=${join(stage, 'jars')}`,
  ];
  return [
    '--batch-mode',
    '--no-transfer-progress',
    '-f',
    pomFile,
    `-Dmaven.repo.local=${join(stage, 'repository')}`,
    ...goal,
  ];
}

async function lastError(logFile: string): Promise<string> {
  const lines = (await readFile(logFile, 'utf8')).split('\n');
  return (
    lines
      .find((line) => line.startsWith('[ERROR]'))
      ?.slice('[ERROR]'.length)
      .trim() ?? 'no reason given'
  );
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
