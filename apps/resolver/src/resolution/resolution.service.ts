import type { Catalogue, ComponentNeed } from '#libs/catalogue';
import type { SecretBytes } from '#libs/crypto';
import { AppError } from '#libs/errors';
import { decideSource, platformOrganizationId, type SlotSnapshot } from '#libs/keystore';
import type { CallRequest } from '../calls/call-request.js';
import { SlotMap } from './slot-map.js';
import type { ReadSlot, SlotReader, SlotRef } from './slot-reader.js';
import type { KeySource, UnresolvedReason } from '#libs/contracts';

/** A component and the key it got; the key is to be used in this turn of the event loop. */
export interface DecidedKey {
  need: ComponentNeed & { kind: 'needed' };
  source: KeySource;
  snapshot: SlotSnapshot & { current: NonNullable<SlotSnapshot['current']> };
  apiKey: SecretBytes;
}

export interface UndecidedComponent {
  need: ComponentNeed;
  reason: UnresolvedReason;
}

/** What every component of a call gets, in the order the catalogue names them. */
export interface DecidedCall {
  request: CallRequest;
  components: (DecidedKey | UndecidedComponent)[];
}

/** Decides which keys calls run on: one round trip to the primary for any number of calls. */
export class ResolutionService {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly slots: SlotReader,
  ) {}

  /**
   * One decision for each call, in order; an AppError for a call that cannot be decided (`organization_not_found`).
   * `use` runs at once, before any key can leave memory.
   */
  async decide<T>(requests: readonly CallRequest[], use: (decided: (DecidedCall | AppError)[]) => T): Promise<T> {
    const needs = requests.map((request) => neededComponents(this.catalogue, request));
    return this.slots.read(slotsToRead(requests, needs), (slots) =>
      use(requests.map((request, index) => decideCall(request, needs[index]!, slots))),
    );
  }
}

function decideCall(
  request: CallRequest,
  needs: readonly ComponentNeed[],
  slots: SlotMap<ReadSlot>,
): DecidedCall | AppError {
  const { organizationId } = request;
  if (!slots.get(organizationId, needs.find(isNeeded)?.slot ?? '')) {
    return new AppError('not_found', 'organization_not_found', {
      message: 'organization_id names no organization.',
      param: 'organization_id',
    });
  }
  return { request, components: needs.map((need) => decideComponent(organizationId, need, slots)) };
}

function decideComponent(
  organizationId: string,
  need: ComponentNeed,
  slots: SlotMap<ReadSlot>,
): DecidedKey | UndecidedComponent {
  if (need.kind === 'unknown') return { need, reason: need.reason };
  const tenant = slots.get(organizationId, need.slot)!;
  const platform = slots.get(platformOrganizationId, need.slot);
  const decision = decideSource(tenant.snapshot, platform?.snapshot);
  if ('reason' in decision) return { need, reason: decision.reason };
  const { source, slot: snapshot } = decision;
  const apiKey = source === 'tenant' ? tenant.apiKey : platform?.apiKey;
  return apiKey ? { need, source, snapshot, apiKey } : { need, reason: 'sealed' };
}

/** What the configuration names, and for an assistant that would have to be looked up what it leaves open. */
function neededComponents(catalogue: Catalogue, { config, assistantId }: CallRequest): ComponentNeed[] {
  const needs = catalogue.needsOf(config ?? {});
  if (assistantId === undefined || config?.llm_config) return needs;
  const unlooked = (['stt', 'llm', 'tts'] as const).filter((name) => !needs.some((need) => need.component === name));
  return [
    ...needs,
    ...unlooked.map((component) => ({
      kind: 'unknown' as const,
      component,
      provider: null,
      reason: 'assistant_lookup_unsupported' as const,
    })),
  ];
}

/** Every slot that any of the calls might use, once; a call that needs none still asks whether its organization exists. */
function slotsToRead(requests: readonly CallRequest[], needs: readonly ComponentNeed[][]): SlotRef[] {
  const refs = new SlotMap<SlotRef>();
  const add = (organizationId: string, provider: string): void => {
    if (!refs.get(organizationId, provider)) refs.set(organizationId, provider, { organizationId, provider });
  };
  requests.forEach(({ organizationId }, index) => {
    const needed = needs[index]!.filter(isNeeded);
    if (needed.length === 0) add(organizationId, '');
    for (const { slot } of needed) {
      add(organizationId, slot);
      add(platformOrganizationId, slot);
    }
  });
  return refs.values();
}

function isNeeded(need: ComponentNeed): need is ComponentNeed & { kind: 'needed' } {
  return need.kind === 'needed';
}
