export { fakeApis } from './fake-apis.js';
export type { FakeVoice } from './fake-api.js';
export { FakeProviderServer, type FakeProviderOptions } from './fake-provider.server.js';
export { keyStates, type KeyState } from './key-state.js';
