// The floor: what kafkajs itself costs when it reads every call and answers with an event of the usual size. Its loop is
// as fast as kafkajs allows: concurrent batches, one produce for many answers, commits on a timer beside the loop.
import { randomBytes, randomUUID } from 'node:crypto';
import { topics, type CallKeysResolved } from '#libs/contracts';
import { quietIdleConnections } from '#libs/messaging';
import { Kafka, logLevel, Partitioners, type EachBatchPayload, type KafkaMessage, type Message } from 'kafkajs';
import { providers } from './call-load.js';

const commitIntervalMs = 500;
/** More answers at once would exceed the broker's 1 MB for one batch. */
const sliceLength = 500;

const { KAFKA_BROKERS: brokers = '', BENCH_TOPIC_PREFIX: topicPrefix = '' } = process.env;

quietIdleConnections();
const kafka = new Kafka({ brokers: brokers.split(','), clientId: 'bench-echo', logLevel: logLevel.ERROR });
const producer = kafka.producer({ allowAutoTopicCreation: false, createPartitioner: Partitioners.DefaultPartitioner });
const consumer = kafka.consumer({
  groupId: 'bench-echo',
  allowAutoTopicCreation: false,
  sessionTimeout: 8_000,
  heartbeatInterval: 1_500,
  minBytes: 1,
  maxWaitTimeInMs: 100,
});
const answerValue = Buffer.from(JSON.stringify(typicalAnswer()));
const finished = new Map<number, string>();

await producer.connect();
await consumer.connect();
await consumer.subscribe({ topics: [topicPrefix + topics.callStarted], fromBeginning: true });
consumer.on(consumer.events.GROUP_JOIN, () => console.log('ready'));
await consumer.run({ autoCommit: false, partitionsConsumedConcurrently: 4, eachBatch: echo });
setInterval(() => void commit(), commitIntervalMs);
process.once('SIGTERM', () => void stop());

async function echo({ batch, resolveOffset }: EachBatchPayload): Promise<void> {
  for (let start = 0; start < batch.messages.length; start += sliceLength) {
    const slice = batch.messages.slice(start, start + sliceLength);
    await producer.send({
      topic: topicPrefix + topics.callKeysResolved,
      acks: -1,
      messages: slice.map((message) => answerTo(message)),
    });
    const { offset } = slice.at(-1)!;
    resolveOffset(offset);
    finished.set(batch.partition, String(BigInt(offset) + 1n));
  }
}

function answerTo({ key, headers }: KafkaMessage): Message {
  return {
    key,
    value: answerValue,
    headers: {
      ce_specversion: '1.0',
      ce_id: headers?.['ce_id'],
      ce_type: topics.callKeysResolved,
      ce_source: 'bench/echo',
      ce_time: headers?.['ce_time'],
      'content-type': 'application/json',
      traceparent: headers?.['traceparent'],
    },
  };
}

/** An answer of the length of the resolver's. */
function typicalAnswer(): CallKeysResolved {
  const now = new Date();
  return {
    call_id: 'call-00000000-000000',
    organization_id: randomUUID(),
    resolved_at: now.toISOString(),
    expires_at: now.toISOString(),
    components: providers.map((provider, index) => ({
      component: (['stt', 'llm', 'tts'] as const)[index]!,
      provider,
      slot: provider,
      status: 'resolved',
      source: 'tenant',
      secret_id: randomUUID(),
      version: 1,
      handle: randomBytes(49).toString('base64url'),
    })),
  };
}

async function commit(): Promise<void> {
  const due = [...finished].map(([partition, offset]) => ({
    topic: topicPrefix + topics.callStarted,
    partition,
    offset,
  }));
  finished.clear();
  if (due.length > 0) await consumer.commitOffsets(due);
}

async function stop(): Promise<void> {
  await consumer.disconnect();
  await producer.disconnect();
  process.exit(0);
}
