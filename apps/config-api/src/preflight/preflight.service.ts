import { AppError } from '#libs/errors';
import type { KeyVerdictStore, SlotSnapshot, SlotSnapshotStore } from '#libs/keystore';
import type { CallToDecide, ResolutionService } from '#libs/resolution';
import type { ConfigFindings } from './config-findings.js';
import { withoutKeys, type KeylessCall, type KeylessComponent } from './keyless-call.js';
import { preflightComponent, secretIdToJudge } from './preflight-component.js';
import type { PreflightAnswer } from './preflight.schema.js';
import { nothingConfigured } from './reason-texts.js';

/** What a preflight reads besides what a call would. */
export interface PreflightStores {
  snapshots: SlotSnapshotStore;
  verdicts: KeyVerdictStore;
}

/** Says before a call whether it would have its keys: the very code that resolves calls decides. */
export class PreflightService {
  constructor(
    private readonly resolution: ResolutionService,
    private readonly stores: PreflightStores,
    private readonly findings: ConfigFindings,
  ) {}

  /** @param live whether providers may be asked. Throws `not_found` for an assistant that is not there. */
  async check(call: CallToDecide, live: boolean): Promise<PreflightAnswer> {
    const decided = await this.decide(call);
    const [agencySlots, verdicts, found] = await Promise.all([
      this.agencySlotsOf(decided),
      this.stores.verdicts.findBySecretIds(decided.components.flatMap((one) => secretIdToJudge(one) ?? [])),
      this.findings.of(decided, live),
    ]);
    const components = decided.components.map((component) => {
      const findings = found.filter((finding) => finding.component === component.need.component);
      return preflightComponent(component, { region: call.region, agencySlots, verdicts, findings });
    });
    const reasons = components.flatMap((row) => row.reasons.map(({ message }) => `${row.component}: ${message}`));
    if (components.length === 0) reasons.push(nothingConfigured);
    return { ready: reasons.length === 0, region: call.region ?? null, reasons, components };
  }

  private async decide(call: CallToDecide): Promise<KeylessCall> {
    const decided = await this.resolution.decide([call], ([answer]) => {
      if (answer instanceof AppError) throw answer;
      return withoutKeys(answer!);
    });
    if (!decided.assistantMissing) return decided;
    throw new AppError('not_found', 'not_found', { message: 'There is no such assistant.', param: 'id' });
  }

  /** By provider; those that decided nothing, since the organization has a key of its own. */
  private async agencySlotsOf({ components }: KeylessCall): Promise<ReadonlyMap<string, SlotSnapshot>> {
    const wanted = components.flatMap(unreadAgencySlotsOf);
    if (wanted.length === 0) return new Map();
    const read = await this.stores.snapshots.read(wanted);
    return new Map(read.flatMap((snapshot) => (snapshot ? [[snapshot.provider, snapshot]] : [])));
  }
}

function unreadAgencySlotsOf({ candidates }: KeylessComponent): { organizationId: string; provider: string }[] {
  if (candidates?.tenant.parentId === undefined || candidates.parent) return [];
  return [{ organizationId: candidates.tenant.parentId, provider: candidates.tenant.provider }];
}
