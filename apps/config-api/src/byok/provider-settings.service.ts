import type { Catalogue, Slot } from '#libs/catalogue';
import { AppError } from '#libs/errors';
import type { SlotConfig, SlotConfigStore } from '#libs/keystore';
import { scrubSecrets } from '#libs/observability';
import { findLeafProblem } from '../http/json-leaves.js';
import { assertProvider } from './provider-name.js';
import { isSecretName } from './secret-name.js';
import type { SettingsAnswer } from './provider-settings.schema.js';

const bytesMax = 16 * 1024;
/** Shorter than this behind its prefix nothing is a key. */
const keyLengthMin = 8;

/** Settings of an organization for its providers. They are shown to whoever may read, so nothing secret goes in. */
export class ProviderSettingsService {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly settings: SlotConfigStore,
  ) {}

  /**
   * Merges settings of one provider; the settings of all. Throws `not_found` without a stored key, `invalid` for an unknown
   * provider, for what looks like a key, and for what is too large.
   */
  async merge(organizationId: string, provider: string, config: SlotConfig): Promise<SettingsAnswer> {
    assertProvider(this.catalogue, provider);
    assertNoKey(config, this.catalogue.findSlot(provider)!);
    const all = await this.settings.update({ organizationId, provider }, (before) => merged(before, config));
    return { byok_config: Object.fromEntries(this.catalogue.slots.map(({ id }) => [id, all.get(id) ?? {}])) };
  }
}

function merged(before: SlotConfig, config: SlotConfig): SlotConfig {
  const kept = Object.entries({ ...before, ...config }).filter(([, value]) => value !== null);
  const after = Object.fromEntries(kept);
  if (Buffer.byteLength(JSON.stringify(after)) <= bytesMax) return after;
  throw new AppError('invalid', 'invalid_request', {
    message: `The settings of a provider must fit into ${bytesMax / 1024} KiB.`,
    param: 'config',
  });
}

/** What was sent is not repeated, and neither is a field name that looks like a key. */
function assertNoKey(config: SlotConfig, { key_prefix: prefix }: Slot): void {
  const problem = findLeafProblem(config, (leaf, name) => {
    if (typeof leaf !== 'string' || leaf === '') return undefined;
    const isKey = (prefix !== undefined && startsLikeKey(leaf.trim(), prefix)) || scrubSecrets(leaf) !== leaf;
    return isKey || (name !== undefined && isSecretName(name)) ? 'looks like a key' : undefined;
  });
  if (!problem) return;
  const field = ['config', ...problem.path].join('.');
  throw new AppError('invalid', 'invalid_request', {
    message: `${field} ${problem.message}: settings are not sealed. Store keys with POST /byok.`,
    param: field,
  });
}

function startsLikeKey(text: string, prefix: string): boolean {
  return text.startsWith(prefix) && text.length >= prefix.length + keyLengthMin && !/\s/.test(text);
}
