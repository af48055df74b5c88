import type { Catalogue, ComponentNeed, NeededComponent } from '#libs/catalogue';
import type { CallConfig, FallbackReason, KeySource, UnresolvedReason } from '#libs/contracts';
import type { SecretBytes } from '#libs/crypto';
import { AppError } from '#libs/errors';
import { platformOrganizationId, type AssistantConfigStore, type SlotSnapshot } from '#libs/keystore';
import { needsOfCall, type CallNeeds, type CallToDecide } from './call-needs.js';
import { SlotMap } from './slot-map.js';
import type { ReadSlot, SlotReader, SlotRef } from './slot-reader.js';
import { decideSource, mayUseOthers, type CandidateSlots, type UsableSlot } from './source-decision.js';

/** A component and the key it got; the key is to be used in this turn of the event loop. */
export interface DecidedKey {
  need: NeededComponent;
  /** What it was decided from; the agency's slot only where it could matter. */
  candidates: CandidateSlots;
  source: KeySource;
  fallbackReason?: FallbackReason;
  snapshot: UsableSlot;
  apiKey: SecretBytes;
}

export interface UndecidedComponent {
  need: ComponentNeed;
  /** What it was decided from, where a slot could be named. */
  candidates?: CandidateSlots;
  reason: UnresolvedReason;
}

/** What every component of a call gets, in the order the catalogue names them. */
export interface DecidedCall<Call extends CallToDecide = CallToDecide> extends Omit<CallNeeds, 'needs'> {
  request: Call;
  components: (DecidedKey | UndecidedComponent)[];
}

/**
 * Decides which keys calls run on, for whoever asks. One round trip to the primary for any number of calls, one more
 * when some name assistants, and one more when some might use their agency's keys.
 */
export class ResolutionService {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly slots: SlotReader,
    private readonly assistants: AssistantConfigStore,
  ) {}

  /**
   * One decision for each call, in order; an AppError for a call that cannot be decided (`organization_not_found`).
   * `use` runs at once, before any key can leave memory.
   */
  async decide<Call extends CallToDecide, T>(
    calls: readonly Call[],
    use: (decided: (DecidedCall<Call> | AppError)[]) => T,
  ): Promise<T> {
    const assistants = await this.assistantsOf(calls);
    const asked = calls.map((call, index) => needsOfCall(this.catalogue, call, assistants[index]));
    return this.slots.read({ refs: slotsToRead(calls, asked), further: agencySlots }, (slots) =>
      use(calls.map((call, index) => decideCall(call, asked[index]!, slots))),
    );
  }

  private async assistantsOf(calls: readonly CallToDecide[]): Promise<(CallConfig | undefined)[]> {
    const refs = calls.flatMap(({ organizationId, assistantId }) =>
      assistantId === undefined ? [] : [{ organizationId, assistantId }],
    );
    if (refs.length === 0) return [];
    const found = (await this.assistants.read(refs)).values();
    return calls.map(({ assistantId }) => (assistantId === undefined ? undefined : found.next().value));
  }
}

function decideCall<Call extends CallToDecide>(
  request: Call,
  { needs, config, assistantMissing }: CallNeeds,
  slots: SlotMap<ReadSlot>,
): DecidedCall<Call> | AppError {
  const { organizationId } = request;
  if (!slots.get(organizationId, needs.find(isNeeded)?.slot ?? '')) {
    return new AppError('not_found', 'organization_not_found', {
      message: 'organization_id names no organization.',
      param: 'organization_id',
    });
  }
  const components = needs.map((need) => decideComponent(request, need, slots));
  return { request, config, assistantMissing, components };
}

function decideComponent(
  { organizationId, region }: CallToDecide,
  need: ComponentNeed,
  slots: SlotMap<ReadSlot>,
): DecidedKey | UndecidedComponent {
  if (need.kind === 'unknown') return { need, reason: need.reason };
  const tenant = slots.get(organizationId, need.slot)!.snapshot;
  const candidates = {
    tenant,
    parent: tenant.parentId === undefined ? undefined : slots.get(tenant.parentId, need.slot)?.snapshot,
    platform: slots.get(platformOrganizationId, need.slot)?.snapshot,
  };
  const decision = decideSource(candidates, { model: need.model, region });
  if ('reason' in decision) return { need, candidates, reason: decision.reason };
  const { source, slot: snapshot, fallbackReason } = decision;
  const apiKey = slots.get(snapshot.organizationId, need.slot)?.apiKey;
  if (!apiKey) return { need, candidates, reason: 'sealed' };
  return { need, candidates, source, snapshot, apiKey, ...(fallbackReason && { fallbackReason }) };
}

/** Every slot that any of the calls might use, once; a call that needs none still asks whether its organization exists. */
function slotsToRead(calls: readonly CallToDecide[], asked: readonly CallNeeds[]): SlotRef[] {
  const refs = new SlotMap<SlotRef>();
  calls.forEach(({ organizationId }, index) => {
    const needed = asked[index]!.needs.filter(isNeeded);
    if (needed.length === 0) addRef(refs, organizationId, '');
    for (const { slot } of needed) {
      addRef(refs, organizationId, slot);
      addRef(refs, platformOrganizationId, slot);
    }
  });
  return refs.values();
}

/** The slots of agencies whose children have no usable key of their own and may use another's. */
function agencySlots(snapshots: readonly SlotSnapshot[]): SlotRef[] {
  const refs = new SlotMap<SlotRef>();
  for (const snapshot of snapshots) {
    if (snapshot.parentId !== undefined && mayUseOthers(snapshot)) {
      addRef(refs, snapshot.parentId, snapshot.provider);
    }
  }
  return refs.values();
}

function addRef(refs: SlotMap<SlotRef>, organizationId: string, provider: string): void {
  if (!refs.get(organizationId, provider)) refs.set(organizationId, provider, { organizationId, provider });
}

function isNeeded(need: ComponentNeed): need is NeededComponent {
  return need.kind === 'needed';
}
