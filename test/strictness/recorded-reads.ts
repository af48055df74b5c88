import { status } from '@grpc/grpc-js';
import { randomUUID } from 'node:crypto';
import type { CallKeysResolved } from '#libs/contracts';
import type { KeyResolverClient } from '../support/key-resolver-client.js';
import type { History } from './history.js';
import { versionOf } from './numbered-key.js';

export const callConfig = {
  stt_config: { provider: 'deepgram', model: 'nova-3' },
  llm_config: { provider: 'openai', model: 'gpt-5.4' },
  tts_config: { provider: 'elevenlabs', model: 'eleven_flash_v2_5', voice_id: 'v' },
};

/** Resolves and redeems, and writes down which versions of which keys came back, and when. */
export class RecordedReads {
  operations = 0;
  /** gRPC requests that were answered UNAVAILABLE; not among the operations. */
  unavailable = 0;

  constructor(private readonly history: History) {}

  async resolve(client: KeyResolverClient, organizationId: string): Promise<CallKeysResolved | undefined> {
    const start = performance.now();
    const call = { call_id: randomUUID(), organization_id: organizationId, config: callConfig };
    const answer = (await this.unlessUnavailable(client.resolveCall(call))) as CallKeysResolved | undefined;
    if (answer) this.record(answer, start, 'grpc');
    return answer;
  }

  /** An answer to a call that was asked at `start`. */
  record(answer: CallKeysResolved, start: number, how: 'kafka' | 'grpc'): void {
    const end = performance.now();
    this.operations += 1;
    for (const component of answer.components) {
      if (component.status !== 'resolved') continue;
      const slot = `${answer.organization_id}/${component.slot}`;
      this.history.readings.push({ slot, start, end, version: component.version, how });
    }
  }

  async redeem(client: KeyResolverClient, answer: CallKeysResolved): Promise<void> {
    const handles = answer.components.flatMap((component) => (component.status === 'resolved' ? component.handle : []));
    if (handles.length === 0) return;
    const start = performance.now();
    const redeemed = await this.unlessUnavailable(client.redeem({ call_id: answer.call_id, handles }));
    if (!redeemed) return;
    const end = performance.now();
    this.operations += 1;
    for (const key of redeemed.keys) {
      if (key.refusal) continue;
      const slot = `${answer.organization_id}/${key.provider}`;
      // What counts is the key itself, not what the answer says about it.
      this.history.readings.push({ slot, start, end, version: versionOf(key.api_key), how: 'redeem' });
    }
  }

  /** No answer in time is no wrong answer: on a busy machine it happens, and is counted. */
  private async unlessUnavailable<T>(answer: Promise<T>): Promise<T | undefined> {
    try {
      return await answer;
    } catch (error) {
      if ((error as { code?: number }).code !== status.UNAVAILABLE) throw error;
      this.unavailable += 1;
      return undefined;
    }
  }
}
