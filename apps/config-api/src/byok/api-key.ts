import { SecretBytes } from '#libs/crypto';

/** An API key as somebody handed it in, out of sight from here on. */
export interface SubmittedApiKey {
  secret: SecretBytes;
  /** First and last characters, to recognize it: never more than a third of them. Null for short keys. */
  hint: string | null;
}

const apiKeyBytesMax = 512;
const hintLengthMin = 12;
/** How many characters a hint shows of a key's end. */
const endLength = 4;

/** Why `raw` cannot be an API key, as the end of a sentence about the field; undefined when it can. */
export function apiKeyProblem(raw: string): string | undefined {
  const key = raw.trim();
  if (key === '') return 'must not be empty';
  if (/…|\.\.\.|\*\*\*|•/.test(key)) return 'is a masked key: send the whole key, or leave the stored one as it is';
  if (/\p{C}/u.test(key)) return 'must not have control characters';
  if (/\s/.test(key)) return 'must not have spaces or line breaks inside';
  if (Buffer.byteLength(key) > apiKeyBytesMax) return `must have at most ${apiKeyBytesMax} bytes`;
  return undefined;
}

/** Takes a key that has no `apiKeyProblem` out of sight; the caller destroys it. */
export function submitApiKey(raw: string): SubmittedApiKey {
  const key = raw.trim();
  return { secret: SecretBytes.fromUtf8(key), hint: hintOf(key) };
}

/**
 * `sk-…AbCd`: the prefix that tells the provider, and the last four characters. It shows a third of the key at most: less
 * of the beginning, or nothing, where the whole prefix would be more.
 */
export function hintOf(key: string): string | null {
  const characters = [...key];
  if (characters.length < hintLengthMin) return null;
  const shownMax = Math.floor(characters.length / 3) - endLength;
  const prefix = /^[^-_]{0,7}[-_]/u.exec(key)?.[0] ?? '';
  const starts = [[...prefix], characters.slice(0, 3)];
  const start = starts.find(({ length }) => length > 0 && length <= shownMax) ?? [];
  return `${start.join('')}…${characters.slice(-endLength).join('')}`;
}
