export * from './health.module.js';
export * from './health.service.js';
export * from './logger.js';
export * from './metrics.js';
export * from './nest-logger.js';
export * from './secret-scrubber.js';
