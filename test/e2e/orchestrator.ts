import { randomUUID } from 'node:crypto';
import {
  outcomeId,
  topics,
  type CallEnded,
  type CallKeysResolved,
  type CallStarted,
  type KeyChanged,
  type ResolvedComponent,
} from '#libs/contracts';
import { KafkaEventBus, type OutgoingEvent } from '#libs/messaging';
import type { Deployment } from '../support/deployment.js';
import { realStack } from '../support/real-stack.js';

/** A pipeline call with a report by mail: five components on four slots. */
export const callConfig = {
  stt_config: { provider: 'deepgram', model: 'nova-3' },
  llm_config: { provider: 'openai', model: 'gpt-5.4' },
  tts_config: { provider: 'elevenlabs', model: 'eleven_flash_v2_5', voice_id: 'v' },
  analysis_plan: { llm: { provider: 'openai' }, email_recipients: ['owner@example.org'] },
};

const answerTimeoutMs = 20_000;

/** The orchestrator's side of Kafka: announces calls and their ends, hears answers and changes of keys. */
export class Orchestrator {
  /** Values of `byok.key.changed.v1`, in the order they came. */
  readonly keyChanges: KeyChanged[] = [];
  private readonly answers = new Map<string, CallKeysResolved>();
  private readonly bus: KafkaEventBus;

  private constructor(topicPrefix: string) {
    this.bus = new KafkaEventBus({
      brokers: realStack().kafkaBrokers,
      clientId: 'e2e-orchestrator',
      source: 'test/orchestrator',
      topicPrefix,
    });
  }

  static async listen(deployment: Deployment): Promise<Orchestrator> {
    const orchestrator = new Orchestrator(deployment.topicPrefix);
    await orchestrator.bus.subscribe({
      topics: [topics.callKeysResolved, topics.byokKeyChanged],
      group: 'e2e-orchestrator',
      onSlice: async (slice) => {
        for (const { topic, headers, value } of slice) {
          const json: unknown = JSON.parse(String(value));
          if (topic === topics.byokKeyChanged) orchestrator.keyChanges.push(json as KeyChanged);
          else orchestrator.answers.set(headers.ce_id!, json as CallKeysResolved);
        }
      },
    });
    return orchestrator;
  }

  /** Publishes `call.started.v1` and waits for its `call.keys.resolved.v1`. */
  async startCall(call: CallStarted): Promise<CallKeysResolved> {
    const id = await this.publish(topics.callStarted, call);
    const answerId = outcomeId(id, topics.callKeysResolved);
    await eventually('the call is answered', () => this.answers.has(answerId));
    return this.answers.get(answerId)!;
  }

  async endCall(call: CallEnded): Promise<void> {
    await this.publish(topics.callEnded, call);
  }

  /** Publishes an event of any shape; its id. */
  async publish(
    topic: string,
    value: { call_id: string } | Buffer,
    more: Partial<OutgoingEvent> = {},
  ): Promise<string> {
    const id = randomUUID();
    const bytes = Buffer.isBuffer(value) ? value : Buffer.from(JSON.stringify(value));
    const key = Buffer.isBuffer(value) ? id : value.call_id;
    await this.bus.publish([{ topic, key, id, type: topic, value: bytes, time: new Date().toISOString(), ...more }]);
    return id;
  }

  /** The event of one change of a slot, when it has come. */
  async keyChange(organizationId: string, provider: string, epoch: number): Promise<KeyChanged> {
    const find = (): KeyChanged | undefined =>
      this.keyChanges.find(
        (event) => event.organization_id === organizationId && event.provider === provider && event.epoch === epoch,
      );
    await eventually(`the change ${epoch} of ${provider} is announced`, () => find() !== undefined);
    return find()!;
  }

  close(): Promise<void> {
    return this.bus.close();
  }
}

/** Waits for something that is on its way; rejects, naming it, after 20 s. */
export async function eventually(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + answerTimeoutMs;
  while (!(await holds())) {
    if (performance.now() > giveUpAt) throw new Error(`not within ${answerTimeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}

/** The resolved component of this name; an error when it was not resolved. */
export function resolvedOf(answer: Pick<CallKeysResolved, 'components'>, component: string): ResolvedComponent {
  const found = answer.components.find((candidate) => candidate.component === component);
  if (found?.status !== 'resolved') throw new Error(`${component} was not resolved: ${JSON.stringify(found)}`);
  return found;
}

/** Every handle of an answer, in its order. */
export function handlesOf(answer: Pick<CallKeysResolved, 'components'>): string[] {
  return answer.components.flatMap((component) => (component.status === 'resolved' ? component.handle : []));
}
