import { afterEach, describe, expect, it } from '@jest/globals';
import { FakeProviderServer } from './fake-provider.server.js';
import { stateNamedIn } from './key-state.js';

let fake: FakeProviderServer;
afterEach(() => fake.close());

describe('the fake providers', () => {
  it('treat a key as it says, and as valid when it says nothing', async () => {
    fake = await FakeProviderServer.start();
    expect(await fake.ask('openai', 'sk-anything')).toBe(200);
    expect(await fake.ask('resend', 're_invalid_1')).toBe(403);
    expect(await fake.ask('xai', 'xai-invalid-1')).toBe(400);
    expect(await fake.ask('deepgram', 'my-rate_limited-key')).toBe(429);
  });

  it('refuse every key they were not told of when they are strict', async () => {
    fake = await FakeProviderServer.start({ unknownKeys: 'invalid' });
    expect(await fake.ask('openai', 'sk-anything')).toBe(401);
    fake.accept('openai', 'sk-anything');
    expect(await fake.ask('openai', 'sk-anything')).toBe(200);
    expect(await fake.ask('deepgram', 'sk-anything')).toBe(401);
  });

  it('change their mind about a key when told to', async () => {
    fake = await FakeProviderServer.start();
    fake.set('openai', 'sk-turns-bad', 'invalid');
    expect(await fake.ask('openai', 'sk-turns-bad')).toBe(401);
    fake.set('openai', 'sk-turns-bad', 'valid');
    expect(await fake.ask('openai', 'sk-turns-bad')).toBe(200);
    expect(fake.requestsWith('openai', 'sk-turns-bad')).toEqual(['GET /v1/models', 'GET /v1/models']);
  });

  it('want the key where the provider wants it', async () => {
    fake = await FakeProviderServer.start();
    const ask = async (headers: Record<string, string>): Promise<number> => {
      const answer = await fetch(`${fake.url}/deepgram/v1/auth/token`, { headers });
      await answer.body?.cancel();
      return answer.status;
    };
    expect(await ask({ authorization: 'Token abc' })).toBe(200);
    expect(await ask({ authorization: 'Bearer abc' })).toBe(401);
    expect(await ask({ 'xi-api-key': 'abc' })).toBe(401);
    expect(await ask({})).toBe(401);
  });

  it('find the state in a key between dashes and underscores only', async () => {
    fake = await FakeProviderServer.start();
    expect(stateNamedIn('sk-rate_limited-9')).toBe('rate_limited');
    expect(stateNamedIn('sk-RATE-limited')).toBe('rate_limited');
    expect(stateNamedIn('re_limited')).toBe('limited');
    expect(stateNamedIn('sk-unlimited-9')).toBe('valid');
    expect(stateNamedIn('out-of-credit')).toBe('out_of_credit');
  });
});
