import { keyedHash, open, seal, SecretBytes, type KeyRef, type SealContext } from '#libs/crypto';
import type { RepeatableRequest } from '#libs/keystore';
import { z } from 'zod';

const storedAnswerSchema = z.object({
  status: z.int(),
  headers: z.record(z.string(), z.string()),
  body: z.string(),
});
/** An answer as it went out; `body` byte for byte. */
export type StoredAnswer = z.infer<typeof storedAnswerSchema>;

/** The service key is the only one there is for its purpose. */
const keyRef: KeyRef = { id: Buffer.alloc(16), version: 1 };

/** Seals answers at rest, since they may show a token, and hashes requests, since they may hold an API key. */
export class AnswerSealer {
  constructor(private readonly key: SecretBytes) {}

  seal(request: RepeatableRequest, answer: StoredAnswer): Buffer {
    const plaintext = SecretBytes.fromUtf8(JSON.stringify(answer));
    try {
      return seal(this.key, keyRef, plaintext, contextOf(request));
    } finally {
      plaintext.destroy();
    }
  }

  /** Throws `open_failed` for anything but an answer to this very request. */
  open(request: RepeatableRequest, sealed: Buffer): StoredAnswer {
    const opened = open(this.key, keyRef, sealed, contextOf(request));
    try {
      return opened.use((bytes) => storedAnswerSchema.parse(JSON.parse(bytes.toString('utf8'))));
    } finally {
      opened.destroy();
    }
  }

  /** Tells whether two requests say the same. */
  hashOf(parts: readonly string[]): Buffer {
    return keyedHash(this.key, 'idempotent-request', parts, 32);
  }
}

function contextOf({ caller, key, hash }: RepeatableRequest): SealContext {
  return { recordType: 'idempotent-answer', fields: [caller, key, hash.toString('hex')] };
}
