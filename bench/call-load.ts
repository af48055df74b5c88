import { randomBytes, randomUUID } from 'node:crypto';
import { topics, type CallStarted } from '#libs/contracts';
import type { Message } from 'kafkajs';

/** Providers that every call needs a key of. */
export const providers = ['deepgram', 'openai', 'elevenlabs'] as const;

/** The effective configuration of a call, as an orchestrator sends it: more than what decides about keys. */
const config: CallStarted['config'] = {
  stt_config: { provider: 'deepgram', model: 'nova-3', language: 'en', endpointing_ms: 250, keywords: ['Latchkey'] },
  llm_config: {
    provider: 'openai',
    model: 'gpt-5.4',
    temperature: 0.4,
    max_tokens: 400,
    messages: [
      {
        role: 'system',
        content:
          'You answer the phone for a dental practice. Be brief and friendly. Offer the next free appointment, ask for ' +
          'name and telephone number, repeat both, and confirm. Hand over to a person when you are asked for one.',
      },
    ],
    tools: [{ name: 'find_appointment' }, { name: 'book_appointment' }, { name: 'hand_over' }],
  },
  tts_config: {
    provider: 'elevenlabs',
    model: 'eleven_flash_v2_5',
    voice_id: '21m00Tcm4TlvDq8ikWAM',
    stability: 0.5,
    similarity_boost: 0.75,
  },
  first_message: 'Good morning, how may I help you?',
};

/** Makes call events with distinct ids, organization after organization. */
export class CallLoad {
  private readonly tag = randomBytes(4).toString('hex');
  private madeCount = 0;

  constructor(private readonly organizationIds: readonly string[]) {}

  /** How many calls were made so far: the number of the next one. */
  get nextNumber(): number {
    return this.madeCount;
  }

  /** The next call as a message of `call.started.v1`: CloudEvents headers, JSON value, call id as key. */
  next(): Message {
    const number = this.madeCount;
    this.madeCount += 1;
    const callId = `call-${this.tag}-${number}`;
    const now = new Date().toISOString();
    const started: CallStarted = {
      call_id: callId,
      organization_id: this.organizationIds[number % this.organizationIds.length]!,
      started_at: now,
      audience: 'orchestrator',
      config,
    };
    return {
      key: callId,
      value: JSON.stringify(started),
      headers: {
        ce_specversion: '1.0',
        ce_id: randomUUID(),
        ce_type: topics.callStarted,
        ce_source: 'bench/orchestrator',
        ce_time: now,
        'content-type': 'application/json',
        traceparent: `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`,
      },
    };
  }
}

/** The number of the call that a message is about, by its key. */
export function callNumberOf(key: Buffer | null): number {
  const text = key?.toString('latin1') ?? '';
  return Number(text.slice(text.lastIndexOf('-') + 1));
}
