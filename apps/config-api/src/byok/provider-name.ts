import type { Catalogue } from '#libs/catalogue';
import { AppError } from '#libs/errors';

/** Throws `invalid` with the allowed providers, and the one that was probably meant, unless there is a slot `provider`. */
export function assertProvider(catalogue: Catalogue, provider: string): void {
  if (catalogue.hasSlot(provider)) return;
  const allowed = catalogue.slots.map((slot) => slot.id);
  const meant = slotsMeantBy(catalogue, provider);
  // What was sent is not repeated: it may be a key that went into the wrong field.
  throw new AppError('invalid', 'invalid_request', {
    message: `There is no such provider${meant.length ? `: did you mean ${meant.join(' or ')}?` : '.'} Use one of ${allowed.join(', ')}.`,
    param: 'provider',
    details: allowed,
  });
}

/** The slots that somebody may mean who writes the name of one, or the id of a provider that runs on its key. */
function slotsMeantBy(catalogue: Catalogue, written: string): string[] {
  const plain = plainName(written);
  const isWritten = (name: string): boolean => plain !== '' && plainName(name) === plain;
  const named = catalogue.slots.filter(({ id, name }) => [id, name].some(isWritten));
  const used = catalogue.offerings.filter(({ provider, name, aliases = [] }) =>
    [provider, name, ...aliases].some(isWritten),
  );
  return [...new Set([...named.map(({ id }) => id), ...used.map(({ slot }) => slot)])];
}

function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
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
