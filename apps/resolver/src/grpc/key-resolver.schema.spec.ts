import { describe, expect, it } from '@jest/globals';
import { AppError } from '#libs/errors';
import type { z } from 'zod';
import { parseRequest, redeemSchema, reportFailureSchema, resolveCallSchema } from './key-resolver.schema.js';

function refusalOf(schema: z.ZodType, message: object): string {
  try {
    parseRequest(schema, message);
  } catch (error) {
    if (error instanceof AppError && error.code === 'invalid_request') return error.message;
  }
  throw new Error('it was not refused');
}

const organization = { organization_id: '5f0c1c1e-3c0f-4d8a-9a55-0c6d0d6f3b1a' };

describe('a gRPC request that cannot be handled', () => {
  it('is refused in plain words, an empty text counting as none', () => {
    expect(refusalOf(resolveCallSchema, { call_id: '', organization_id: 'acme' })).toBe(
      'call_id is required; organization_id must be a UUID.',
    );
    expect(refusalOf(redeemSchema, { call_id: 'c', audience: '', handles: [] })).toBe(
      'handles must have at least 1 entries.',
    );
    const report = { call_id: 'c', ...organization, component: '', status: 0 };
    expect(refusalOf(reportFailureSchema, report)).toBe('component is required; status must be at least 100.');
  });
});
