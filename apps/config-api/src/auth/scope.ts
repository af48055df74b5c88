import { AppError } from '#libs/errors';

/** What a token may be allowed to do. */
export const scopes = ['byok:read', 'byok:write', 'assistants:write', 'admin'] as const;
export type Scope = (typeof scopes)[number];

/** Whether somebody with the scopes `held` has this one too: who writes keys may read them. */
export function includesScope(held: readonly Scope[], scope: Scope): boolean {
  return held.includes(scope) || (scope === 'byok:read' && held.includes('byok:write'));
}

/** Throws `forbidden` unless one of `needed` is included. */
export function assertScope(held: readonly Scope[], needed: readonly Scope[]): void {
  if (needed.some((scope) => includesScope(held, scope))) return;
  throw new AppError('forbidden', 'forbidden', { message: `The token needs the scope ${needed.join(' or ')}.` });
}

/** The known ones among scopes as they are stored. */
export function scopesOf(stored: readonly string[]): Scope[] {
  return scopes.filter((scope) => stored.includes(scope));
}
