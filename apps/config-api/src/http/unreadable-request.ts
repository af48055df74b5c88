import { randomUUID } from 'node:crypto';
import { maxHeaderSize } from 'node:http';
import type { Socket } from 'node:net';
import { AppError } from '#libs/errors';
import { errorAnswerOf } from './error-body.js';

/** Answers, in the one error body, what Node cannot read as a request of HTTP, and closes the connection. */
export function answerUnreadableRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  if (socket.writable) socket.write(answerTo(error));
  socket.destroy(error);
}

function answerTo({ code = '' }: NodeJS.ErrnoException): string {
  const message = messages[code] ?? 'The request cannot be read as HTTP.';
  const requestId = randomUUID();
  const { body } = errorAnswerOf(new AppError('invalid', 'invalid_request', { message }), requestId);
  const text = JSON.stringify(body);
  return [
    'HTTP/1.1 400 Bad Request',
    `x-request-id: ${requestId}`,
    'cache-control: no-store',
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(text)}`,
    'connection: close',
    '',
    text,
  ].join('\r\n');
}

const messages: Record<string, string> = {
  HPE_HEADER_OVERFLOW: `The headers are larger than ${maxHeaderSize / 1024} KiB.`,
  ERR_HTTP_REQUEST_TIMEOUT: 'The request did not arrive in time.',
};
