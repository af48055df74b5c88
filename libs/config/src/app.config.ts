import { z } from 'zod';

const port = wholeNumber(0, 65_535);
const token = z.string().min(20, 'must have at least 20 characters').max(200, 'must have at most 200 characters');
/** `true` or `false`. */
const flag = z.stringbool({ truthy: ['true', '1'], falsy: ['false', '0'], error: 'must be true or false' });
/** 0 turns a limit off. */
const perMinute = wholeNumber(0, 1_000_000);
const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
const network = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], 'must be addresses or networks, with commas');
const redisUrl = z.url({ protocol: /^rediss?$/, error: 'must be a redis:// or rediss:// URL' });

const httpUrl = z.url({ protocol: /^https?$/, error: 'must be an http(s):// URL' });
/** One URL, or a JSON object of URLs. */
const baseUrls = z.string().transform((text, context): string | Record<string, string> => {
  try {
    const value: unknown = text.trimStart().startsWith('{') ? JSON.parse(text) : text;
    return z.union([httpUrl, z.record(z.string(), httpUrl)]).parse(value);
  } catch {
    context.issues.push({ code: 'custom', message: 'must be an http(s):// URL or a JSON object of them', input: '' });
    return z.NEVER;
  }
});

const catalogue = {
  LATCHKEY_CATALOGUE: z
    .string()
    .optional()
    .describe('JSON file of providers that replaces or extends the built-in catalogue (default built-in)'),
};

const providers = {
  LATCHKEY_PROVIDER_BASE_URLS: baseUrls
    .optional()
    .describe('where providers are asked: JSON {"slot": "URL"}, or one URL to which /slot is added (default theirs)'),
  LATCHKEY_PROVIDER_PRIVATE_ADDRESSES: flag
    .default(false)
    .describe('whether providers may be asked at private and loopback addresses, true or false (default false)'),
};

const shared = {
  ...catalogue,
  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/, error: 'must be a postgres:// URL' })
    .describe('PostgreSQL primary, postgres://user:password@host:port/database (required)'),
  KAFKA_BROKERS: z
    .string({ error: 'must be host:port[,host:port…]' })
    .regex(/^[^\s,:]+:\d+(,[^\s,:]+:\d+)*$/, 'must be host:port[,host:port…]')
    .transform((brokers) => brokers.split(','))
    .describe('Kafka brokers, host:port[,host:port…] (required)'),
  LATCHKEY_TOPIC_PREFIX: z
    .string()
    .regex(/^[A-Za-z0-9._-]*$/, 'must be of A-Z a-z 0-9 . _ -')
    .default('')
    .describe('put before every topic name (default none)'),
  LATCHKEY_KEK_FILE: z.string().describe('file of the root KEK, readable by its owner only (required)'),
  LATCHKEY_LOG_LEVEL: z
    .enum(logLevels, `must be one of ${logLevels.join(', ')}`)
    .default('info')
    .describe('trace, debug, info, warn, error or silent (default info)'),
};

const http = {
  ...providers,
  LATCHKEY_HTTP_HOST: z.string().default('127.0.0.1').describe('address to listen on (default 127.0.0.1)'),
  LATCHKEY_HTTP_PORT: port.default(8080).describe('HTTP port (default 8080)'),
  LATCHKEY_ADMIN_TOKEN: token.describe('bearer token of the operator, 20 characters or more (required)'),
  LATCHKEY_VALIDATE_KEYS: flag
    .default(true)
    .describe('whether providers are asked about keys before they are stored, true or false (default true)'),
  LATCHKEY_WEBHOOK_PRIVATE_ADDRESSES: flag
    .default(false)
    .describe('whether webhooks may go to private and loopback addresses, true or false (default false)'),
  LATCHKEY_OVERLAP_SECONDS: wholeNumber(1, 86_400)
    .default(900)
    .describe('how long calls keep an old version after a graceful rotation that does not say (default 900)'),
  LATCHKEY_RATE_LIMIT_PER_MINUTE: perMinute
    .default(100)
    .describe('requests a minute of one token, 0 for any number (default 100)'),
  LATCHKEY_AUTH_FAILURES_PER_MINUTE: perMinute
    .default(20)
    .describe('unknown tokens a minute from one address, 0 for any number (default 20)'),
  LATCHKEY_TRUSTED_PROXIES: z
    .string()
    .transform((list) => list.split(',').map((entry) => entry.trim()))
    .pipe(z.array(network))
    .optional()
    .describe('proxies whose X-Forwarded-For is believed, addresses or networks with commas (default none)'),
};

const resolving = {
  LATCHKEY_GRPC_HOST: z.string().default('127.0.0.1').describe('address to listen on (default 127.0.0.1)'),
  LATCHKEY_GRPC_PORT: port.default(50_051).describe('gRPC port (default 50051)'),
  LATCHKEY_SERVICE_TOKEN: token.describe('bearer token of call orchestrators, 20 characters or more (required)'),
  LATCHKEY_GRPC_TLS_CERT_FILE: z
    .string()
    .optional()
    .describe('PEM certificate; with LATCHKEY_GRPC_TLS_KEY_FILE gRPC speaks TLS (default plaintext)'),
  LATCHKEY_GRPC_TLS_KEY_FILE: z.string().optional().describe('PEM private key of the certificate'),
  LATCHKEY_HANDLE_TTL_SECONDS: wholeNumber(1, 300)
    .default(60)
    .describe('how long a handle can be redeemed, 300 at most (default 60)'),
  LATCHKEY_HANDLE_USES: wholeNumber(1, 100).default(1).describe('how often one handle can be redeemed (default 1)'),
  LATCHKEY_CALL_HOURS_MAX: wholeNumber(1, 72)
    .default(4)
    .describe('a call whose end is never reported counts as live for this long (default 4)'),
  LATCHKEY_POSTCALL_MINUTES: wholeNumber(0, 1_440)
    .default(60)
    .describe(
      'how long a call may resolve its post-call components after its end was reported, 1440 at most (default 60)',
    ),
  LATCHKEY_RETRY_ATTEMPTS_MAX: wholeNumber(1, 20)
    .default(8)
    .describe('how often an event is tried while a server is away, before it is a dead letter (default 8, about 30 s)'),
};

/** Variables of apps/config-api. */
export const configApiConfigSchema = z.object({
  ...shared,
  ...http,
  REDIS_URL: redisUrl
    .optional()
    .describe('Redis that counts requests for all instances (default: each counts its own)'),
});
export type ConfigApiConfig = z.infer<typeof configApiConfigSchema>;

const keyPair = ['LATCHKEY_GRPC_TLS_CERT_FILE', 'LATCHKEY_GRPC_TLS_KEY_FILE'] as const;

/** Half of a key pair must not leave gRPC in plaintext unnoticed. */
function assertWholeKeyPair(
  config: { [Name in (typeof keyPair)[number]]?: string | undefined },
  context: z.RefinementCtx,
): void {
  const missing = keyPair.filter((name) => config[name] === undefined);
  if (missing.length !== 1) return;
  const given = keyPair.find((name) => name !== missing[0]);
  context.addIssue({ code: 'custom', path: [...missing], message: `is required beside ${given}` });
}

const resolverVariables = z.object({
  ...shared,
  ...resolving,
  REDIS_URL: redisUrl.describe('Redis, redis://:password@host:port (required)'),
  LATCHKEY_RESOLVER_HTTP_HOST: z
    .string()
    .default('127.0.0.1')
    .describe('address of health and metrics (default 127.0.0.1)'),
  LATCHKEY_RESOLVER_HTTP_PORT: port.default(8081).describe('port of health and metrics (default 8081)'),
});
/** Variables of apps/resolver. */
export const resolverConfigSchema = resolverVariables.superRefine(assertWholeKeyPair);
export type ResolverConfig = z.infer<typeof resolverConfigSchema>;

/** What the resolver needs wherever it runs: without the addresses of servers that `standalone` embeds. */
export type ResolvingConfig = Pick<
  ResolverConfig,
  | 'LATCHKEY_HANDLE_TTL_SECONDS'
  | 'LATCHKEY_HANDLE_USES'
  | 'LATCHKEY_CALL_HOURS_MAX'
  | 'LATCHKEY_POSTCALL_MINUTES'
  | 'LATCHKEY_RETRY_ATTEMPTS_MAX'
  | 'LATCHKEY_SERVICE_TOKEN'
>;

const standaloneVariables = z.object({
  ...catalogue,
  ...http,
  ...resolving,
  LATCHKEY_LOG_LEVEL: shared.LATCHKEY_LOG_LEVEL.removeDefault()
    .default('warn')
    .describe('trace, debug, info, warn, error or silent (default warn)'),
  LATCHKEY_ADMIN_TOKEN: token
    .optional()
    .describe('bearer token of the operator (default: made on first start, file admin-token)'),
  LATCHKEY_SERVICE_TOKEN: token
    .optional()
    .describe('bearer token of call orchestrators (default: made on first start, file service-token)'),
  LATCHKEY_FAKE_PROVIDERS: flag
    .default(false)
    .describe(
      'true asks a fake of all providers instead of them, as the flag --with-fake-providers does (default false)',
    ),
  LATCHKEY_DATA_DIR: z.string().default('.latchkey').describe('where everything is kept (default .latchkey)'),
});
/** Variables of apps/standalone: tokens and the KEK are made on first start when absent. */
export const standaloneConfigSchema = standaloneVariables.superRefine(assertWholeKeyPair);
export type StandaloneConfig = z.infer<typeof standaloneConfigSchema>;

/** Variables of apps/fake-provider. */
export const fakeProviderConfigSchema = z.object({
  LATCHKEY_FAKE_PROVIDER_PORT: port.default(8090).describe('port on 127.0.0.1 (default 8090)'),
});

/** A number within these limits, as text. */
function wholeNumber(min: number, max: number) {
  const problem = `must be a whole number from ${min} to ${max}`;
  return z.coerce.number(problem).int(problem).min(min, problem).max(max, problem);
}
