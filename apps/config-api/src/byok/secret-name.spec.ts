import { describe, expect, it } from '@jest/globals';
import { isApiKeyName, isSecretName } from './secret-name.js';

describe('a field is taken for a place of a secret', () => {
  it.each(['api_key', 'apiKey', 'apikey', 'API-Key', 'api_keys', 'openai_api_key', 'openaiApiKey', 'x-api-key'])(
    'by the name %s',
    (name) => expect(isSecretName(name)).toBe(true),
  );

  it.each(['Authorization', 'password', 'dbPassword', 'secret', 'client_secret', 'token', 'accessToken', 'AUTH_TOKEN'])(
    'by the name %s',
    (name) => expect(isSecretName(name)).toBe(true),
  );

  it.each(['apiKey', 'openai_api_key', 'Authorization', 'accessToken', 'AUTH_TOKEN', 'api-tokens'])(
    'and of an API key by the name %s',
    (name) => expect(isApiKeyName(name)).toBe(true),
  );

  it.each(['token', 'client_secret', 'dbPassword', 'max_tokens', 'end_token', 'author'])(
    'but of no API key by the name %s',
    (name) => expect(isApiKeyName(name)).toBe(false),
  );

  it.each(['key', 'keywords', 'tokenizer', 'secretary', 'monkey', 'model', 'authorized_by', 'password_hint', ''])(
    'but not by the name %j',
    (name) => expect(isSecretName(name)).toBe(false),
  );
});
