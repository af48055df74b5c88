import type { Catalogue } from '#libs/catalogue';
import type { ConfigApiConfig } from '#libs/config';
import { metrics } from '#libs/observability';
import { baseUrlsFrom, httpProviders, type ProviderPorts } from '#libs/providers';

/** Asks the providers themselves, or whatever stands in for them by configuration. */
export function bindProviders(
  catalogue: Catalogue,
  config: Pick<ConfigApiConfig, 'LATCHKEY_PROVIDER_BASE_URLS' | 'LATCHKEY_PROVIDER_PRIVATE_ADDRESSES'>,
): ProviderPorts {
  return httpProviders(catalogue, {
    baseUrls: baseUrlsFrom(config.LATCHKEY_PROVIDER_BASE_URLS),
    privateAddresses: config.LATCHKEY_PROVIDER_PRIVATE_ADDRESSES,
    onVerdict: (provider, verdict) => metrics.keyProbes.inc({ provider, verdict }),
  });
}
