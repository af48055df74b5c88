import type { DecidedCall, DecidedKey, UndecidedComponent } from '#libs/resolution';

/** What was decided for a component that got a key, without the key itself. */
export type KeylessKey = Omit<DecidedKey, 'apiKey'>;
export type KeylessComponent = KeylessKey | UndecidedComponent;

/** The decision of a call as long as nobody may keep its keys. */
export type KeylessCall = Omit<DecidedCall, 'components'> & { components: KeylessComponent[] };

/** Leaves the keys of a decided call where they are. */
export function withoutKeys(decided: DecidedCall): KeylessCall {
  const components = decided.components.map((component) => {
    if ('reason' in component) return component;
    const { apiKey: _apiKey, ...rest } = component;
    return rest;
  });
  return { ...decided, components };
}
