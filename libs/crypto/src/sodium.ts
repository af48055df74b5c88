import { AppError } from '#libs/errors';
import sodium from 'libsodium-wrappers';

let ready = false;

/** Loads libsodium; await it once at start, everything that seals, opens or hashes is synchronous afterwards. */
export async function cryptoReady(): Promise<void> {
  await sodium.ready;
  ready = true;
}

/** The loaded libsodium; throws `crypto_not_ready` when nobody awaited `cryptoReady`. */
export function loadedSodium(): typeof sodium {
  if (!ready) {
    throw new AppError('internal', 'crypto_not_ready', {
      message: 'Await cryptoReady() once at start, before anything is sealed, opened or hashed.',
    });
  }
  return sodium;
}
