import { beforeEach, describe, expect, it } from '@jest/globals';
import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { format, inspect } from 'node:util';
import { AppError } from '#libs/errors';
import { SecretBytes } from './secret-bytes.js';

const text = 'canary-4f1d9c';
const traces = [
  text,
  Buffer.from(text).toString('hex'),
  Buffer.from(text).toString('base64'),
  [...Buffer.from(text)].join(),
];

function expectNothingShown(printed: string): void {
  const plain = printed.replaceAll(/\s/g, '');
  for (const trace of traces) expect(plain).not.toContain(trace);
}

describe('SecretBytes', () => {
  let secret: SecretBytes;

  beforeEach(() => {
    secret = SecretBytes.fromUtf8(text);
  });

  it('lends its bytes to use and returns what use returns', () => {
    expect(secret.use((bytes) => bytes.toString())).toBe(text);
    expect(secret.byteLength).toBe(text.length);
  });

  it('counts bytes, not characters', () => {
    expect(SecretBytes.fromUtf8('é☎').byteLength).toBe(5);
  });

  it.each([
    ['String', () => String(secret)],
    ['a template', () => `it is ${secret as unknown as string}`],
    ['JSON', () => JSON.stringify({ secret })],
    ['inspect', () => inspect({ deep: { secret } }, { depth: null })],
    ['inspect with hidden properties', () => inspect(secret, { showHidden: true, getters: true })],
    ['console formatting', () => format('%s %o %O %j', secret, secret, secret, secret)],
    ['an error whose cause holds it', () => inspect(new AppError('internal', 'x', { cause: { secret } }))],
  ])('prints [secret] and nothing else in %s', (_name, print) => {
    expect(print()).toContain('[secret]');
    expectNothingShown(print());
  });

  it('prints nothing through a console', () => {
    let printed = '';
    const stream = new Writable({
      write(chunk: Buffer, _encoding, done) {
        printed += chunk.toString();
        done();
      },
    });
    const output = new Console(stream);
    output.log(secret, [secret]);
    output.table([{ secret }]);
    output.dir(secret, { showHidden: true, depth: null });
    expect(printed).toContain('[secret]');
    expectNothingShown(printed);
  });

  it('has no property, symbol or copy that leads to the bytes', () => {
    expect(Reflect.ownKeys(secret)).toEqual([]);
    expectNothingShown(inspect(secret, { customInspect: false, showHidden: true }));
    expectNothingShown(inspect(structuredClone(secret)));
    expectNothingShown(inspect(Object.assign({}, secret)));
  });

  it('zeroes the very buffer it took when it is destroyed', () => {
    const bytes = Buffer.from(text);
    SecretBytes.take(bytes).destroy();
    expect(bytes).toEqual(Buffer.alloc(text.length));
  });

  it('refuses to be used after destroy, which may be called twice', () => {
    secret.destroy();
    secret.destroy();
    expect(() => secret.use(() => 0)).toThrow(expect.objectContaining({ kind: 'internal', code: 'secret_destroyed' }));
    expect(String(secret)).toBe('[secret]');
  });
});
