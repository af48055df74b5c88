import {
  audienceSchema,
  callEndedSchema,
  callIdSchema,
  callKeyFailedSchema,
  callStartedSchema,
  plainWords,
} from '#libs/contracts';
import { AppError } from '#libs/errors';
import { z } from 'zod';
import { defaultAudience } from '../calls/call-request.js';

/** ResolveCallRequest after its Struct became JSON: the same rules as `call.started.v1`. */
export const resolveCallSchema = callStartedSchema;

export const redeemSchema = z.object({
  call_id: callIdSchema,
  audience: z.union([z.literal('').transform(() => defaultAudience), audienceSchema]),
  handles: z.array(z.string().max(200)).min(1).max(32),
});

export const releaseCallSchema = callEndedSchema.pick({ call_id: true, organization_id: true });

/** The same rules as `call.key.failed.v1`. */
export const reportFailureSchema = callKeyFailedSchema;

/** The validated message; AppError `invalid_request` naming each field otherwise, without repeating values. */
export function parseRequest<T extends z.ZodType>(schema: T, message: unknown): z.infer<T> {
  const parsed = schema.safeParse(message, { error: plainWords });
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')} ${wordsOf(issue, message)}`);
  const details = [...new Set(problems)];
  throw new AppError('invalid', 'invalid_request', { message: `${details.join('; ')}.`, details });
}

/** Protocol Buffers cannot leave out a text: an empty one was not given. */
function wordsOf({ path, message: words }: z.core.$ZodIssue, message: unknown): string {
  const given = path.reduce<unknown>((inner, name) => (inner as Record<PropertyKey, unknown>)[name], message);
  return given === '' ? 'is required' : words;
}
