export * from './app-error.js';
export * from './transport-outcomes.js';
