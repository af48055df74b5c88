import { resolverConfigSchema, runApp } from '#libs/config';
import { createLogger, NestLogger } from '#libs/observability';
import { bindResolverPorts } from './bind-ports.js';
import { startResolver } from './resolver-app.js';

await runApp({
  name: 'latchkey-resolver',
  about: 'resolves calls from Kafka and gRPC and redeems handles',
  schema: resolverConfigSchema,
  start: async (config) => {
    const logger = createLogger({ level: config.LATCHKEY_LOG_LEVEL, app: 'resolver' });
    return startResolver(await bindResolverPorts(config, logger), config, new NestLogger(logger));
  },
});
