export { FakeProviderServer, type FakeProviderOptions } from './fake-provider.server.js';
export { keyStates, type KeyState } from './key-state.js';
