import { describe, expect, it } from '@jest/globals';
import { AppError } from '#libs/errors';
import { createLogger, type Logger } from './logger.js';
import { NestLogger } from './nest-logger.js';
import { scrubSecrets } from './secret-scrubber.js';

const secrets = [
  'sk-proj-AbCdEfGh12345678',
  'sk_0123456789abcdef',
  're_AbCdEfGh_12345678',
  'xai-AbCdEfGh12345678',
  `lk_live_abcdefghijkl_${'A'.repeat(43)}`,
  'AIzaSyA-1234567890abcdef',
  '0123456789abcdef0123456789abcdef01234567',
];

function recordingLogger(): { logger: Logger; lines: string[] } {
  const lines: string[] = [];
  const destination = { write: (line: string): void => void lines.push(line) };
  return { logger: createLogger({ level: 'trace', app: 'spec', destination }), lines };
}

describe('a log line', () => {
  it.each(secrets)('never shows %s, wherever it is put', (secret) => {
    const { logger, lines } = recordingLogger();
    logger.info(`used ${secret} today`);
    logger.info({ note: secret, deep: { list: [{ note: secret }] } }, 'fields');
    logger.child({ note: secret }).warn('child');
    logger.error(new Error(`refused ${secret}`, { cause: new Error(secret) }));
    logger.info({ url: `postgres://user:${secret}@host/db`, header: `Bearer ${secret}` });
    new NestLogger(logger).error(`nest ${secret}`, `Error: ${secret}\n at x`, 'Context');
    for (const line of lines) {
      expect(line).not.toContain(secret);
      expect(() => JSON.parse(line)).not.toThrow();
    }
    expect(lines).toHaveLength(6);
  });

  it('redacts by name at any depth, whatever the value looks like', () => {
    const { logger, lines } = recordingLogger();
    const value = 'looks-harmless';
    logger.info({
      key: value,
      apiKey: value,
      api_key: value,
      nested: { Authorization: value, items: [{ token: value, password: [value] }] },
    });
    logger.info({ body: { elevenlabs_api_key: value, 'set-cookie': value, handles: [value] } });
    expect(lines.join()).not.toContain(value);
  });

  it('keeps what tells no secret', () => {
    const { logger, lines } = recordingLogger();
    logger.info({ secret_id: 'id-1', key_count: 3, token_present: true, ms: 1.5, hint: 'sk-…AbCd' }, 'ok');
    expect(JSON.parse(lines[0]!)).toMatchObject({
      level: 'info',
      app: 'spec',
      secret_id: 'id-1',
      key_count: 3,
      hint: 'sk-…AbCd',
      msg: 'ok',
    });
  });

  it('shows of an error what it is, and neither statement nor parameters', () => {
    const { logger, lines } = recordingLogger();
    const cause = Object.assign(new Error('syntax error'), {
      code: '42601',
      parameters: ['sealed-bytes'],
      query: 'INSERT',
    });
    logger.error({ err: new AppError('internal', 'database_error', { cause }), driver: cause });
    const line = JSON.parse(lines[0]!) as { err: { code: string; cause: { code: string } } };
    expect(line.err).toMatchObject({ code: 'database_error', cause: { code: '42601', message: 'syntax error' } });
    expect(lines[0]).not.toMatch(/sealed-bytes|INSERT/);
  });

  it('counts bytes instead of showing them', () => {
    const { logger, lines } = recordingLogger();
    logger.info({ blob: Buffer.from('raw material') });
    expect(lines[0]).toContain('[12 bytes]');
  });
});

describe("Nest's log lines", () => {
  it('keep level, context and stack, and the list of routes is only debug', () => {
    const { logger, lines } = recordingLogger();
    const nest = new NestLogger(logger);
    nest.log('Mapped {/}', 'RouterExplorer');
    nest.warn({ msg: 'slow', ms: 7 }, 'http');
    nest.error('failed', 'Error: at x', 'Kafka');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { level: 'debug', context: 'RouterExplorer', msg: 'Mapped {/}' },
      { level: 'warn', context: 'http', msg: 'slow', ms: 7 },
      { level: 'error', context: 'Kafka', stack: 'Error: at x', msg: 'failed' },
    ]);
  });
});

describe('scrubbing', () => {
  it.each([
    'prefer_something_else',
    'task-force-is-here',
    'ask-me-anything-later',
    '6b1f0c5e-8a0d-4f0e-9d0a-3f6f5f2c7b11',
  ])('leaves %s alone', (text) => {
    expect(scrubSecrets(text)).toBe(text);
  });
});
