import type { SlotSnapshot, StoredVerdict } from '#libs/keystore';
import { isDefinitelyBad, isUncertain } from '#libs/providers';
import type { KeyUse, UndecidedComponent } from '#libs/resolution';
import { withoutOwnKey } from '../byok/without-key.js';
import type { ConfigFinding } from './config-findings.js';
import type { KeylessComponent, KeylessKey } from './keyless-call.js';
import type { Finding, PreflightComponent } from './preflight.schema.js';
import { reasonText } from './reason-texts.js';

/** What else is known when the row of a component is written. */
export interface ComponentSurroundings {
  region: string | undefined;
  /** By provider; where the decision did not read them. */
  agencySlots: ReadonlyMap<string, SlotSnapshot>;
  /** By secret id. */
  verdicts: ReadonlyMap<string, StoredVerdict>;
  /** Of this component. */
  findings: readonly ConfigFinding[];
}

/** The row of one component: what it would get, and everything that stands in its way. */
export function preflightComponent(
  decided: KeylessComponent,
  { region, agencySlots, verdicts, findings }: ComponentSurroundings,
): PreflightComponent {
  const { need, candidates } = decided;
  const slot = need.kind === 'needed' ? need.slot : null;
  const model = need.kind === 'needed' ? need.model : null;
  const use = { model, region };
  const verdict = verdicts.get(secretIdToJudge(decided) ?? '');
  const own = 'reason' in decided ? decisionReasons(decided.reason, { slot, ...use }, findings) : [];
  const reasons = [
    ...('reason' in decided ? own : verdictReasons(need.component, slot, verdict)),
    ...findings.filter(({ blocks, code }) => blocks && !own.some((reason) => reason.code === code)).map(findingOf),
  ];
  return {
    component: need.component,
    provider: need.provider,
    slot,
    model,
    ready: reasons.length === 0,
    ...keyOf(decided),
    key_state: candidates ? keyStateOf(candidates.tenant) : null,
    last_verdict: verdict?.verdict ?? null,
    last_validated: verdict?.validatedAt?.toISOString() ?? null,
    without_key: candidates
      ? withoutOwnKey({ ...candidates, parent: candidates.parent ?? agencySlots.get(candidates.tenant.provider) }, use)
      : null,
    reasons,
    warnings: [
      ...('reason' in decided ? [] : [...decisionWarnings(decided, use), ...verdictWarnings(verdict)]),
      ...findings.filter(({ blocks }) => !blocks).map(findingOf),
    ],
  };
}

/** Of the key that would be used; of the own one when none would, so that its trouble is seen. */
export function secretIdToJudge(decided: KeylessComponent): string | undefined {
  const judged = 'reason' in decided ? decided.candidates?.tenant : decided.snapshot;
  return judged?.current?.secretId;
}

/** A finding of the same code says more of it. */
function decisionReasons(
  code: UndecidedComponent['reason'],
  values: Parameters<typeof reasonText>[1],
  findings: readonly ConfigFinding[],
): Finding[] {
  const finding = findings.find((candidate) => candidate.code === code);
  return [finding ? findingOf(finding) : { code, message: reasonText(code, values) }];
}

function decisionWarnings({ need, source, candidates, fallbackReason }: KeylessKey, use: KeyUse): Finding[] {
  const warnings: Finding[] = [];
  if (fallbackReason && fallbackReason !== 'no_key') {
    const whose = source === 'inherited' ? "your agency's" : "the platform's";
    const message = `Your own ${need.slot} key is ${fallbackReason}: the call would run on ${whose}.`;
    warnings.push({ code: 'fallback', message });
  }
  const bound = candidates.tenant.region;
  if (bound !== undefined && use.region === undefined) {
    const message = `The ${need.slot} slot is bound to ${bound}, and no region is named: calls elsewhere get no key.`;
    warnings.push({ code: 'region_unnamed', message });
  }
  return warnings;
}

function keyStateOf({ state, expired }: SlotSnapshot): PreflightComponent['key_state'] {
  return state === 'active' && expired ? 'expired' : state;
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
  if (verdict && !isUncertain(verdict)) return [];
  return [{ code: 'unverified', message: 'The provider has not confirmed the key yet.' }];
}

function findingOf({ code, message }: ConfigFinding): Finding {
  return { code, message };
}
