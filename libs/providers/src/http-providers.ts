import type { Catalogue } from '#libs/catalogue';
import { HttpKeyProber, type HttpKeyProberOptions } from './http-key.prober.js';
import { HttpProviderLists } from './http-provider-lists.js';
import type { KeyProber } from './key-prober.port.js';
import { OutboundClient, type OutboundOptions } from './outbound.client.js';
import type { ProviderLists } from './provider-lists.port.js';

/** What asks providers. */
export interface ProviderPorts {
  keyProber: KeyProber;
  providerLists: ProviderLists;
}

/** Both ports on one HTTP client, at the addresses of the catalogue unless `baseUrls` says otherwise. */
export function httpProviders(catalogue: Catalogue, options: OutboundOptions & HttpKeyProberOptions): ProviderPorts {
  const { privateAddresses, lookup, ...asking } = options;
  const client = new OutboundClient({ privateAddresses, lookup });
  return {
    keyProber: new HttpKeyProber(catalogue, client, asking),
    providerLists: new HttpProviderLists(catalogue, client, { baseUrls: asking.baseUrls }),
  };
}
