import type { z } from 'zod';
import { keyChangedSchema } from './byok-events.schema.js';
import {
  callEndedSchema,
  callKeyFailedSchema,
  callKeysResolvedSchema,
  callStartedSchema,
} from './call-events.schema.js';
import { topics } from './topics.js';

/** The schema of the value of every event type. */
export const eventSchemas = {
  [topics.callStarted]: callStartedSchema,
  [topics.callEnded]: callEndedSchema,
  [topics.callKeysResolved]: callKeysResolvedSchema,
  [topics.callKeyFailed]: callKeyFailedSchema,
  [topics.byokKeyChanged]: keyChangedSchema,
} as const satisfies Record<string, z.ZodType>;

export type EventType = keyof typeof eventSchemas;
export type EventValue<T extends EventType> = z.infer<(typeof eventSchemas)[T]>;
