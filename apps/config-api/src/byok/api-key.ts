import { SecretBytes } from '#libs/crypto';

/** An API key as somebody handed it in, out of sight from here on. */
export interface SubmittedApiKey {
  secret: SecretBytes;
  /** First and last characters, to recognize it; null for short keys. */
  hint: string | null;
}

const apiKeyBytesMax = 512;
const hintLengthMin = 12;

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

/** `sk-…AbCd`: the prefix that tells the provider, and the last four characters. */
export function hintOf(key: string): string | null {
  const characters = [...key];
  if (characters.length < hintLengthMin) return null;
  const prefix = /^[^-_]{0,7}[-_]/.exec(key)?.[0] ?? characters.slice(0, 3).join('');
  return `${prefix}…${characters.slice(-4).join('')}`;
}
