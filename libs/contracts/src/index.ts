export * from './byok-events.schema.js';
export * from './call-events.schema.js';
export * from './event-id.js';
export * from './event-schemas.js';
export * from './key-resolver.proto-path.js';
export * from './reason-codes.js';
export * from './topics.js';
