export type { ConfigApiPorts } from './config-api-ports.js';
export { ConfigApiModule } from './config-api.module.js';
export { configureHttp } from './http/configure-http.js';
export { createFastifyAdapter } from './http/fastify-adapter.js';
export { prepareDatabase } from './prepare-database.js';
