import { describe, expect, it } from '@jest/globals';
import { AppError } from '#libs/errors';
import { z } from 'zod';
import { SchemaValidationPipe } from './schema-validation.pipe.js';

const change = z
  .strictObject({ url: z.string().optional(), is_active: z.boolean().optional() })
  .refine((fields) => Object.keys(fields).length > 0, 'must set at least one of its fields')
  .transform((fields) => fields);

function refusalOf(schema: z.ZodType, value: unknown): Pick<AppError, 'code' | 'message' | 'param' | 'details'> {
  try {
    new SchemaValidationPipe().transform(value, { type: 'body', schema } as never);
  } catch (error) {
    if (error instanceof AppError) return error;
  }
  throw new Error('nothing was refused');
}

describe('what is said of a body that its schema refuses', () => {
  it('names an unknown field and the known ones, and says nothing of the body as a whole beside it', () => {
    const { message, param, details } = refusalOf(change, { secret: 'x' });
    expect(message).toBe('secret is not a known field; known fields: url, is_active.');
    expect({ param, details }).toEqual({ param: 'secret', details: undefined });
  });

  it('names the known fields once', () => {
    expect(refusalOf(change, { a: 1, b: 2 }).details).toEqual([
      'a is not a known field; known fields: url, is_active',
      'b is not a known field',
    ]);
  });

  it('names them behind a default and behind what prepares a body, and not when there are too many', () => {
    const known = (schema: z.ZodType): string => refusalOf(schema, { x: 1 }).message;
    const one = z.strictObject({ live: z.boolean().default(true) });
    const behind = 'x is not a known field; known fields: live.';
    expect(known(one.prefault({}).optional())).toBe(behind);
    expect(known(z.preprocess((body) => body, one))).toBe(behind);
    const names = Array.from({ length: 30 }, (_, index) => [`field_${index}`, z.string().optional()]);
    expect(known(z.strictObject(Object.fromEntries(names) as z.ZodRawShape))).toBe('x is not a known field.');
  });

  it('says where an unknown field is', () => {
    const inner = z.object({ inner: z.strictObject({ a: z.string() }) });
    expect(refusalOf(inner, { inner: { a: 'a', b: 'b' } })).toMatchObject({
      message: 'inner.b is not a known field.',
      param: 'inner.b',
    });
  });

  it('is about the body as a whole where no field is at fault', () => {
    expect(refusalOf(change, {}).message).toBe('The body must set at least one of its fields.');
    expect(refusalOf(change, []).message).toBe('The body must be a JSON object.');
    expect(refusalOf(change, {}).param).toBeUndefined();
  });

  it('says one thing of each field', () => {
    const listed = z.object({ scopes: z.array(z.string(), 'must be a list').max(2, 'must name each once') });
    expect(refusalOf(listed, { scopes: 'admin' })).toMatchObject({
      message: 'scopes must be a list.',
      param: 'scopes',
    });
    expect(refusalOf(listed, { scopes: 'admin' }).details).toBeUndefined();
  });

  it('names what is missing first', () => {
    const needed = z.strictObject({ name: z.string() });
    expect(refusalOf(needed, { nam: 'A' })).toMatchObject({
      code: 'missing_field',
      param: 'name',
      message: 'name is required.',
      details: ['name is required', 'nam is not a known field; known fields: name'],
    });
  });
});
