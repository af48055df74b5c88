export type { CallToDecide } from './call-needs.js';
export { OpenedKeyCache } from './opened-key.cache.js';
export * from './resolution.service.js';
export { SlotMap } from './slot-map.js';
export { loggingSlotReader, SlotReader, type SlotRef } from './slot-reader.js';
export * from './source-decision.js';
export { StoredKeyReader, type StoredKey } from './stored-key.reader.js';
