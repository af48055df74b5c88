import type { CallConfig } from '#libs/contracts';
import { AppError } from '#libs/errors';
import type { AssistantConfigStore, KeyVerdictStore, SlotOverviewStore } from '#libs/keystore';
import { effectiveConfig, type CallToDecide, type ResolutionService } from '#libs/resolution';
import type { ConfigFindings } from './config-findings.js';
import { preflightComponent, withoutKeys, type KeylessComponent } from './preflight-component.js';
import type { PreflightAnswer } from './preflight.schema.js';

/** What a preflight reads besides what a call would. */
export interface PreflightStores {
  assistants: AssistantConfigStore;
  overviews: SlotOverviewStore;
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
    const [assistant, decided, around] = await Promise.all([
      this.assistantOf(call),
      this.decide(call),
      this.stores.overviews.surroundings(call.organizationId),
    ]);
    const [verdicts, found] = await Promise.all([
      this.stores.verdicts.findBySecretIds(decided.flatMap(secretIdsOf)),
      this.findings.of(call.organizationId, effectiveConfig(assistant, call.config), live),
    ]);
    const components = decided.map((component) => {
      const findings = found.filter((finding) => finding.component === component.need.component);
      return preflightComponent(component, { call, around, verdicts, findings });
    });
    const reasons = components.flatMap((row) => row.reasons.map(({ message }) => `${row.component}: ${message}`));
    return { ready: reasons.length === 0, region: call.region ?? null, reasons, components };
  }

  private decide(call: CallToDecide): Promise<KeylessComponent[]> {
    return this.resolution.decide([call], ([decided]) => {
      if (decided instanceof AppError) throw decided;
      return withoutKeys(decided!);
    });
  }

  private async assistantOf({ organizationId, assistantId }: CallToDecide): Promise<CallConfig | undefined> {
    if (assistantId === undefined) return undefined;
    const [assistant] = await this.stores.assistants.read([{ organizationId, assistantId }]);
    if (assistant) return assistant;
    throw new AppError('not_found', 'not_found', { message: 'There is no such assistant.', param: 'id' });
  }
}

function secretIdsOf(decided: KeylessComponent): string[] {
  return 'reason' in decided ? [] : [decided.snapshot.current.secretId];
}
