import { topics, type EventType } from '#libs/contracts';

/** What the AsyncAPI document says of an event beside its schema. */
export interface EventNotes {
  summary: string;
  /** The Kafka key: events with the same one keep their order. */
  key: string;
  writer: App;
  /** Which of our apps handle it; each has retry and dead-letter topics for what it cannot handle. */
  readers: readonly App[];
}

export type App = 'orchestrator' | 'resolver' | 'config-api';

const callKey = 'The id of the call.';

export const eventNotes: Record<EventType, EventNotes> = {
  [topics.callStarted]: {
    summary: 'A call starts and asks for its keys.',
    key: callKey,
    writer: 'orchestrator',
    readers: ['resolver'],
  },
  [topics.callEnded]: {
    summary:
      'A call has ended: its handles are dropped, its versions are no longer in use. Its post-call components ' +
      '(postcall_stt, postcall_llm, email) keep their handles, and can be resolved for a time.',
    key: callKey,
    writer: 'orchestrator',
    readers: ['resolver'],
  },
  [topics.callKeysResolved]: {
    summary: 'The answer: a handle, never a key, for every component that got one, and why the others did not.',
    key: callKey,
    writer: 'resolver',
    readers: ['config-api'],
  },
  [topics.callKeyFailed]: {
    summary: 'A provider refused a key in a call. It is probed before it is believed.',
    key: callKey,
    writer: 'orchestrator',
    readers: ['config-api'],
  },
  [topics.byokKeyChanged]: {
    summary: 'The key of a slot has changed. Apply the highest epoch, ignore lower ones.',
    key: '`<organization id>/<provider>`',
    writer: 'config-api',
    readers: [],
  },
};
