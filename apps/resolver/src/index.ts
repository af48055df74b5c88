export * from './bind-ports.js';
export * from './handles/handle.store.js';
export { MemoryHandleStore } from './handles/memory-handle.store.js';
export * from './resolver-app.js';
export * from './resolver-ports.js';
export * from './resolver.module.js';
