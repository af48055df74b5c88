import { bindResolverPorts, startResolver, type ResolverPorts } from '#apps/resolver';
import { resolverConfigSchema, runApp } from '#libs/config';
import { PrimaryEpochGuard, type EpochGuard } from '#libs/keystore';
import { createLogger, NestLogger } from '#libs/observability';
import { CachedGuard, NoCheckGuard, RedisAloneGuard } from './planted-guards.js';

/** The planted bugs, by the name that LATCHKEY_TEST_PLANTED_BUG gives. */
const plantedGuards: Record<string, (ports: ResolverPorts, redisUrl: string, prefix: string) => Promise<EpochGuard>> = {
  'no-check': async () => new NoCheckGuard(),
  'cached-50ms': async ({ dataSource }) => new CachedGuard(new PrimaryEpochGuard(dataSource), 50),
  'redis-alone': async ({ eventBus }, redisUrl, prefix) => {
    const guard = new RedisAloneGuard(redisUrl, `${prefix}epoch:`);
    await guard.follow(eventBus, 'redis-alone');
    return guard;
  },
};

await runApp({
  name: 'planted-resolver',
  about: 'the resolver with a bug planted in its epoch guard, to show that the strictness test catches it',
  schema: resolverConfigSchema,
  start: async (config) => {
    const logger = createLogger({ level: 'warn', app: 'planted-resolver' });
    const ports = await bindResolverPorts(config, logger);
    const plant = plantedGuards[process.env.LATCHKEY_TEST_PLANTED_BUG ?? ''];
    if (!plant) throw new Error('LATCHKEY_TEST_PLANTED_BUG must name a planted bug');
    ports.epochGuard = await plant(ports, config.REDIS_URL, config.LATCHKEY_TOPIC_PREFIX);
    await startResolver(ports, config, new NestLogger(logger));
  },
});
