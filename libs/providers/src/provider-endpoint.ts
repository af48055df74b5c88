import type { ProviderApi } from '#libs/catalogue';
import type { SecretBytes } from '#libs/crypto';

/** Base URLs instead of the catalogue's, by slot. */
export type BaseUrls = (slot: string) => string | undefined;

/** Base URLs from a setting: by slot, or one prefix under which every slot has its name as path. */
export function baseUrlsFrom(setting: string | Readonly<Record<string, string>> | undefined): BaseUrls {
  if (typeof setting === 'string') return (slot) => `${setting.replace(/\/+$/, '')}/${slot}`;
  return (slot) => (setting && Object.hasOwn(setting, slot) ? setting[slot] : undefined);
}

/** Where a provider is asked about a key. */
export interface ProviderPlace {
  slot: string;
  /** The region that the slot is set to. */
  region?: string | undefined;
}

/** The URL that the paths of the provider's API are appended to: the operator's, the region's, or the usual one. */
export function baseUrlOf(api: ProviderApi, { slot, region }: ProviderPlace, overrides: BaseUrls): string {
  const { regional_base_urls: byRegion = {} } = api;
  // Tenants name regions as they like: `constructor` is none.
  const regional = region !== undefined && Object.hasOwn(byRegion, region) ? byRegion[region] : undefined;
  return (overrides(slot) ?? regional ?? api.base_url).replace(/\/+$/, '');
}

/**
 * The header with the key in it; undefined when no header can carry the key. The text stays in memory until it is
 * collected: make it at the last moment.
 */
export function authHeader({ auth }: ProviderApi, apiKey: SecretBytes): Record<string, string> | undefined {
  const key = apiKey.use((bytes) => bytes.toString('utf8'));
  return /^[\x21-\x7e]+$/.test(key) ? { [auth.header]: auth.template.replace('{key}', () => key) } : undefined;
}
