import { describe, expect, it } from '@jest/globals';
import type { AppError } from '#libs/errors';
import { configApiConfigSchema, resolverConfigSchema, standaloneConfigSchema } from './app.config.js';
import { loadConfig, type Environment } from './load-config.js';

const schemas = {
  'config-api': configApiConfigSchema,
  resolver: resolverConfigSchema,
  standalone: standaloneConfigSchema,
};
const complete: Environment = {
  DATABASE_URL: 'postgres://latchkey:pass@127.0.0.1:5432/latchkey',
  KAFKA_BROKERS: 'one:9092,two:9093',
  REDIS_URL: 'redis://:pass@127.0.0.1:6379',
  LATCHKEY_KEK_FILE: '/run/secrets/kek',
  LATCHKEY_ADMIN_TOKEN: 'admin-token-0123456789',
  LATCHKEY_SERVICE_TOKEN: 'service-token-0123456789',
};

type AppName = keyof typeof schemas;
const apps = Object.keys(schemas) as AppName[];

function problemsOf(app: AppName, environment: Environment): string[] {
  try {
    loadConfig(schemas[app], environment);
    return [];
  } catch (error) {
    return (error as AppError).details ?? [];
  }
}

function problemNames(app: AppName, environment: Environment): string[] {
  return problemsOf(app, environment)
    .map((problem) => problem.split(':')[0]!)
    .sort();
}

describe('the configuration of an app', () => {
  it.each<[AppName, string[]]>([
    ['config-api', ['DATABASE_URL', 'KAFKA_BROKERS', 'LATCHKEY_ADMIN_TOKEN', 'LATCHKEY_KEK_FILE']],
    ['resolver', ['DATABASE_URL', 'KAFKA_BROKERS', 'LATCHKEY_KEK_FILE', 'LATCHKEY_SERVICE_TOKEN', 'REDIS_URL']],
    ['standalone', []],
  ])('of %s: nothing set names everything that is required', (app, required) => {
    expect(problemNames(app, {})).toEqual(required);
    expect(problemNames(app, complete)).toEqual([]);
  });

  it.each(apps)('of %s: whatever is wrong is said in plain words', (app) => {
    const wrong = Object.fromEntries(Object.keys(schemas[app].shape).map((name) => [name, ' ']));
    for (const environment of [{}, wrong]) {
      const problems = problemsOf(app, environment);
      expect(problems.length > 0 || app === 'standalone').toBe(true);
      for (const problem of problems) expect(problem).toMatch(/^[A-Z_]+: (must be |must have |is required)/);
    }
  });

  it('what is missing is described', () => {
    expect(problemsOf('resolver', {})).toContain('REDIS_URL: is required (Redis, redis://:password@host:port)');
  });

  it('listens on this machine only unless told otherwise', () => {
    expect(loadConfig(configApiConfigSchema, complete)).toMatchObject({
      LATCHKEY_HTTP_HOST: '127.0.0.1',
      LATCHKEY_HTTP_PORT: 8080,
      KAFKA_BROKERS: ['one:9092', 'two:9093'],
    });
    expect(loadConfig(resolverConfigSchema, complete)).toMatchObject({
      LATCHKEY_GRPC_HOST: '127.0.0.1',
      LATCHKEY_GRPC_PORT: 50_051,
      LATCHKEY_RESOLVER_HTTP_HOST: '127.0.0.1',
      LATCHKEY_HANDLE_TTL_SECONDS: 60,
      LATCHKEY_HANDLE_USES: 1,
    });
  });

  it.each([
    ['DATABASE_URL', 'mysql://host/db'],
    ['DATABASE_URL', '127.0.0.1:5432'],
    ['KAFKA_BROKERS', 'localhost'],
    ['KAFKA_BROKERS', 'one:9092,'],
    ['KAFKA_BROKERS', 'one:9092, two:9092'],
    ['REDIS_URL', 'http://127.0.0.1:6379'],
    ['LATCHKEY_TOPIC_PREFIX', 'no spaces'],
    ['LATCHKEY_LOG_LEVEL', 'loud'],
    ['LATCHKEY_SERVICE_TOKEN', 'short'],
    ['LATCHKEY_GRPC_PORT', '65536'],
    ['LATCHKEY_GRPC_PORT', '-1'],
    ['LATCHKEY_GRPC_PORT', '80.5'],
    ['LATCHKEY_GRPC_PORT', 'http'],
    ['LATCHKEY_HANDLE_TTL_SECONDS', '301'],
    ['LATCHKEY_HANDLE_TTL_SECONDS', '0'],
    ['LATCHKEY_HANDLE_USES', '0'],
    ['LATCHKEY_CALL_HOURS_MAX', '73'],
  ])('refuses %s=%s by its name', (name, value) => {
    expect(problemNames('resolver', { ...complete, [name]: value })).toEqual([name]);
  });

  it.each([
    ['nothing', undefined, undefined],
    ['one URL for all', 'http://127.0.0.1:8090', 'http://127.0.0.1:8090'],
    ['a URL by slot', '{"openai": "https://eu.api.openai.com"}', { openai: 'https://eu.api.openai.com' }],
  ])('takes %s as the base URLs of providers', (_, value, expected) => {
    const config = loadConfig(configApiConfigSchema, { ...complete, LATCHKEY_PROVIDER_BASE_URLS: value });
    expect(config.LATCHKEY_PROVIDER_BASE_URLS).toEqual(expected);
  });

  it.each(['api.openai.com', 'ftp://here', '{"openai": "here"}', '{"openai": ', '["https://a"]'])(
    'refuses %s as the base URLs of providers',
    (value) => {
      const name = 'LATCHKEY_PROVIDER_BASE_URLS';
      expect(problemNames('config-api', { ...complete, [name]: value })).toEqual([name]);
    },
  );

  it.each(['resolver', 'standalone'] as const)('of %s: half of a TLS key pair is refused, never ignored', (app) => {
    const [cert, key] = ['LATCHKEY_GRPC_TLS_CERT_FILE', 'LATCHKEY_GRPC_TLS_KEY_FILE'];
    expect(problemNames(app, { ...complete, [cert]: '/tls.crt' })).toEqual([key]);
    expect(problemNames(app, { ...complete, [key]: '/tls.key' })).toEqual([cert]);
    expect(problemNames(app, { ...complete, [cert]: '/tls.crt', [key]: '/tls.key' })).toEqual([]);
  });

  it('every variable says in one line what it is for', () => {
    for (const app of apps) {
      for (const [name, field] of Object.entries(schemas[app].shape)) {
        expect([name, field.description]).toEqual([name, expect.stringMatching(/^\S[^\n]{9,}$/)]);
      }
    }
  });
});
