import { bindResolverPorts, startResolver, type ResolverPorts } from '#apps/resolver';
import { resolverConfigSchema, runApp } from '#libs/config';
import { PrimaryEpochGuard } from '#libs/keystore';
import { createLogger, NestLogger } from '#libs/observability';
import { CachedGuard, NoCheckGuard, RedisAloneGuard } from './planted-guards.js';
import { CachedSnapshots } from './planted-snapshots.js';

type Planted = Pick<ResolverPorts, 'epochGuard' | 'slotSnapshots'>;

/** The planted bugs, by the name that LATCHKEY_TEST_PLANTED_BUG gives. */
const plants: Record<string, (ports: ResolverPorts, redisUrl: string, prefix: string) => Promise<Planted>> = {
  'no-check': async () => ({ epochGuard: new NoCheckGuard() }),
  'cached-50ms': async ({ dataSource }) => ({ epochGuard: new CachedGuard(new PrimaryEpochGuard(dataSource), 50) }),
  'redis-alone': async ({ eventBus }, redisUrl, prefix) => {
    const guard = new RedisAloneGuard(redisUrl, `${prefix}epoch:`);
    await guard.follow(eventBus, 'redis-alone');
    return { epochGuard: guard };
  },
  'cached-resolve-200ms': async ({ dataSource }) => ({ slotSnapshots: new CachedSnapshots(dataSource, 200) }),
};

await runApp({
  name: 'planted-resolver',
  about: 'the resolver with a bug planted where it asks the primary, to show that the strictness test catches it',
  schema: resolverConfigSchema,
  start: async (config) => {
    const logger = createLogger({ level: 'warn', app: 'planted-resolver' });
    const ports = await bindResolverPorts(config, logger);
    const plant = plants[process.env.LATCHKEY_TEST_PLANTED_BUG ?? ''];
    if (!plant) throw new Error('LATCHKEY_TEST_PLANTED_BUG must name a planted bug');
    const planted = await plant(ports, config.REDIS_URL, config.LATCHKEY_TOPIC_PREFIX);
    return startResolver({ ...ports, ...planted }, config, new NestLogger(logger));
  },
});
