import { NotFoundException } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import { AppError, httpStatusOf, type ErrorKind } from '#libs/errors';
import { errorAnswerOf } from './error-body.js';

describe('what a client is told about an error', () => {
  it.each(Object.entries(httpStatusOf) as [ErrorKind, number][])('%s is %i', (kind, status) => {
    const { body, ...answer } = errorAnswerOf(new AppError(kind, 'some_code', { message: 'In words.' }), 'r-1');
    expect(answer.status).toBe(status);
    expect(body).toMatchObject({ type: kind, request_id: 'r-1' });
  });

  it('the long text holds the details, the short one does not', () => {
    const error = new AppError('invalid', 'invalid_request', {
      message: 'No.',
      param: 'a',
      details: ['a is b', 'c is d'],
    });
    expect(errorAnswerOf(error, 'r-1').body).toEqual({
      error: 'No.',
      message: 'No. (a is b; c is d)',
      code: 'invalid_request',
      param: 'a',
      type: 'invalid',
      details: ['a is b', 'c is d'],
      request_id: 'r-1',
    });
  });

  it('nothing is said twice', () => {
    const error = new AppError('invalid', 'missing_field', {
      message: 'provider is required.',
      details: ['provider is required', 'api_key is required'],
    });
    expect(errorAnswerOf(error, 'r-1').body).toMatchObject({
      error: 'provider is required.',
      message: 'provider is required. (api_key is required)',
      details: ['api_key is required'],
    });
    const told = new AppError('invalid', 'invalid_request', { message: 'Use a or b.', details: ['a', 'b'] });
    expect(errorAnswerOf(told, 'r-1').body).toMatchObject({ message: 'Use a or b.', details: ['a', 'b'] });
  });

  it('says nothing about what nobody foresaw', () => {
    for (const error of [
      new Error('SELECT secret'),
      new AppError('internal', 'x', { message: 'SELECT' }),
      'text',
      null,
    ]) {
      const { status, body } = errorAnswerOf(error, 'r-1');
      expect(status).toBe(500);
      expect(body.code).toBe('internal_error');
      expect(JSON.stringify(body)).not.toContain('SELECT');
    }
  });

  it('does not repeat the address or a key', () => {
    expect(errorAnswerOf(new NotFoundException('Cannot GET /sk-abcdefghij'), 'r').body.message).toBe(
      'There is no such route.',
    );
    const careless = new AppError('invalid', 'invalid_request', {
      message: 'bad sk-abcdefghijkl',
      param: 'sk-abcdefghijkl',
    });
    expect(JSON.stringify(errorAnswerOf(careless, 'r').body)).not.toContain('abcdefgh');
  });
});
