import { configApiConfigSchema, runApp } from '#libs/config';
import { createLogger } from '#libs/observability';
import { bindConfigApiPorts } from './bind-ports.js';
import { startConfigApi } from './config-api-app.js';

await runApp({
  name: 'latchkey-config-api',
  about: 'stores API keys and lets people add, rotate and revoke them over HTTP',
  schema: configApiConfigSchema,
  start: async (config) => {
    const logger = createLogger({ level: config.LATCHKEY_LOG_LEVEL, app: 'config-api' });
    return startConfigApi(await bindConfigApiPorts(config, logger), config, logger);
  },
});
