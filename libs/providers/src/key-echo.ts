import type { SecretBytes } from '#libs/crypto';

/** A piece of a key of so many bytes tells too much of it. */
const tellingBytes = 8;

/** Those of a provider's words that hold neither the key that it was asked about nor a piece of it: it may repeat it anywhere. */
export function wordsWithoutKey(words: readonly string[], apiKey: SecretBytes): string[] {
  return apiKey.use((key) => words.filter((word) => !tells(Buffer.from(word), key)));
}

function tells(word: Buffer, key: Buffer): boolean {
  if (word.includes(key)) return true;
  for (let start = 0; start + tellingBytes <= word.length; start += 1) {
    if (key.includes(word.subarray(start, start + tellingBytes))) return true;
  }
  return false;
}
