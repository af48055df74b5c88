import type { StoredVerdict, Surroundings } from '#libs/keystore';
import { isDefinitelyBad } from '#libs/providers';
import type { CallToDecide, DecidedCall, DecidedKey, UndecidedComponent } from '#libs/resolution';
import { withoutKeyOf } from '../byok/without-key.js';
import type { ConfigFinding } from './config-findings.js';
import type { Finding, PreflightComponent } from './preflight.schema.js';
import { reasonText } from './reason-texts.js';

/** What was decided for a component, without the key itself. */
export type KeylessComponent = Omit<DecidedKey, 'apiKey'> | UndecidedComponent;

/** What else is known when the row of a component is written. */
export interface ComponentSurroundings {
  call: CallToDecide;
  around: Surroundings;
  /** By secret id. */
  verdicts: ReadonlyMap<string, StoredVerdict>;
  /** Of this component. */
  findings: readonly ConfigFinding[];
}

/** The decision of a call as long as nobody may keep its keys. */
export function withoutKeys(decided: DecidedCall): KeylessComponent[] {
  return decided.components.map((component) => {
    if ('reason' in component) return component;
    const { apiKey: _apiKey, ...rest } = component;
    return rest;
  });
}

/** The row of one component: what it would get, and everything that stands in its way. */
export function preflightComponent(
  decided: KeylessComponent,
  { call, around, verdicts, findings }: ComponentSurroundings,
): PreflightComponent {
  const { need, tenant } = decided;
  const slot = need.kind === 'needed' ? need.slot : null;
  const model = need.kind === 'needed' ? need.model : null;
  const verdict = 'reason' in decided ? undefined : verdicts.get(decided.snapshot.current.secretId);
  const reasons = [
    ...('reason' in decided
      ? [{ code: decided.reason, message: reasonText(decided.reason, { slot, model, region: call.region }) }]
      : verdictReasons(need.component, slot, verdict)),
    ...findings.filter(({ blocks }) => blocks).map(findingOf),
  ];
  return {
    component: need.component,
    provider: need.provider,
    slot,
    model,
    ready: reasons.length === 0,
    ...keyOf(decided),
    key_state: tenant ? (tenant.state === 'active' && tenant.expired ? 'expired' : tenant.state) : null,
    last_verdict: verdict?.verdict ?? null,
    last_validated: verdict?.validatedAt?.toISOString() ?? null,
    without_key:
      tenant && slot !== null
        ? withoutKeyOf(tenant, {
            defaultFallback: around.defaultFallback,
            agencyShares: around.sharedByAgency.has(slot),
            platformHasKey: around.keptByPlatform.has(slot),
          })
        : null,
    reasons,
    warnings: [
      ...('reason' in decided ? [] : verdictWarnings(verdict)),
      ...findings.filter(({ blocks }) => !blocks).map(findingOf),
    ],
  };
}

function keyOf(
  decided: KeylessComponent,
): Pick<PreflightComponent, 'source' | 'secret_id' | 'version' | 'fallback_reason' | 'inherited_from'> {
  if ('reason' in decided) {
    return { source: null, secret_id: null, version: null, fallback_reason: null, inherited_from: null };
  }
  const { source, snapshot, fallbackReason } = decided;
  return {
    source,
    secret_id: snapshot.current.secretId,
    version: snapshot.current.version,
    fallback_reason: fallbackReason ?? null,
    inherited_from: source === 'inherited' ? snapshot.organizationId : null,
  };
}

/** A key that its provider refused, or that may not do what the component needs, gives a call that fails. */
function verdictReasons(component: string, slot: string | null, verdict: StoredVerdict | undefined): Finding[] {
  if (!verdict) return [];
  if (isDefinitelyBad(verdict)) {
    return [{ code: 'key_rejected', message: `${slot} refused the key when it was last asked: replace it.` }];
  }
  if (verdict.verdict === 'out_of_credit') {
    return [{ code: 'out_of_credit', message: `The account at ${slot} is out of credit.` }];
  }
  if (verdict.capabilities[component] !== 'missing') return [];
  const missing = verdict.missingPermissions?.join(', ');
  return [
    {
      code: 'missing_permission',
      message: `The ${slot} key may not do what ${component} needs${missing ? `: it lacks ${missing}` : ''}.`,
    },
  ];
}

function verdictWarnings(verdict: StoredVerdict | undefined): Finding[] {
  if (verdict && !['unverified', 'unreachable', 'rate_limited'].includes(verdict.verdict)) return [];
  return [{ code: 'unverified', message: 'The provider has not confirmed the key yet.' }];
}

function findingOf({ code, message }: ConfigFinding): Finding {
  return { code, message };
}
