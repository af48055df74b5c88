import type { Catalogue } from '#libs/catalogue';
import { AppError } from '#libs/errors';

/** Throws `invalid` with the allowed providers unless the catalogue has a slot for `provider`. */
export function assertProvider(catalogue: Catalogue, provider: string): void {
  if (catalogue.hasSlot(provider)) return;
  // What was sent is not repeated: it may be a key that went into the wrong field.
  throw new AppError('invalid', 'invalid_request', {
    message: 'There is no such provider; see details for the allowed ones.',
    param: 'provider',
    details: catalogue.slots.map((slot) => slot.id),
  });
}

/** The provider named in the body or the query; throws `invalid` when it is in neither or they disagree. */
export function providerToRemove(
  body: { provider?: string | undefined } | undefined,
  queryProvider: string | string[] | undefined,
): string {
  const named = new Set([body?.provider, queryProvider].flat().filter((name) => name !== undefined));
  const [provider] = named;
  if (provider === undefined) {
    throw new AppError('invalid', 'missing_field', { message: 'provider is required.', param: 'provider' });
  }
  if (named.size === 1) return provider;
  throw new AppError('invalid', 'invalid_request', { message: 'Name one provider only.', param: 'provider' });
}
