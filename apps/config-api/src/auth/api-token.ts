/** A bearer token of an organization in its two parts; `id` is public, `secret` is not. */
export interface ApiTokenParts {
  id: string;
  secret: string;
}

/** Takes `lk_live_<id>_<secret>` apart; undefined when it is not of that shape. */
export function parseApiToken(token: string): ApiTokenParts | undefined {
  const [, id, secret] = /^lk_live_([^_]+)_([A-Za-z0-9_-]{43})$/.exec(token) ?? [];
  return id && secret && tokenIdPattern.test(id) ? { id, secret } : undefined;
}

/** What the id of a token looks like. */
export const tokenIdPattern = /^[A-Za-z0-9-]{12,40}$/;

/** Draws a new token from a source of random bytes. */
export function drawApiToken(random: (byteLength: number) => Buffer): ApiTokenParts {
  return { id: random(12).toString('base64url').replaceAll('_', '-'), secret: random(32).toString('base64url') };
}

export function formatApiToken({ id, secret }: ApiTokenParts): string {
  return `lk_live_${id}_${secret}`;
}
