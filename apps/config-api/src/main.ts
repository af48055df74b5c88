import { configApiConfigSchema, runApp } from '#libs/config';
import { createLogger } from '#libs/observability';
import { bindConfigApiPorts } from './bind-ports.js';
import { startConfigApi, stopOnSignals } from './config-api-app.js';

await runApp({
  name: 'latchkey-config-api',
  about: 'stores API keys and lets people add, rotate and revoke them over HTTP',
  schema: configApiConfigSchema,
  start: async (config) => {
    const logger = createLogger({ level: config.LATCHKEY_LOG_LEVEL, app: 'config-api' });
    const ports = await bindConfigApiPorts(config, logger);
    const app = await startConfigApi(ports, config, logger);
    stopOnSignals(app, ports, logger);
  },
});
