import type { ComponentProbe, GrantedPermissions, Probe, ProbeRule } from '#libs/catalogue';
import type { ComponentName } from '#libs/contracts';
import type { CapabilityVerdict, Verdict } from './key-verdict.js';
import { fits, missingPermissions, stringsAt, type ProviderAnswer } from './provider-answer.js';

/** What is known of a key's permissions. */
export interface Permissions {
  capabilities: Partial<Record<ComponentName, CapabilityVerdict>>;
  missing: string[];
}

/** A further answer; undefined when the provider did not answer in time. */
export interface ComponentAnswer {
  probe: ComponentProbe;
  answer: ProviderAnswer | undefined;
}

const verdictOfAll: Record<Verdict, CapabilityVerdict> = {
  valid: 'ok',
  limited: 'unknown',
  invalid: 'missing',
  blocked: 'missing',
  out_of_credit: 'unknown',
  rate_limited: 'unknown',
  unreachable: 'unknown',
  unverified: 'unknown',
};

/** What a verdict alone says of every component. */
export function capabilitiesOf(components: readonly ComponentName[], verdict: Verdict): Permissions['capabilities'] {
  return Object.fromEntries(components.map((component) => [component, verdictOfAll[verdict]]));
}

/** What the answers to the probe and to its component probes say of the components; what is surer counts. */
export function permissionsOf(
  components: readonly ComponentName[],
  { probe, rule, answer }: { probe: Probe; rule: ProbeRule; answer: ProviderAnswer },
  further: readonly ComponentAnswer[],
): Permissions {
  const missing = [...(rule.missing ?? []), ...missingPermissions(answer, probe.missing)];
  const capabilities = { ...capabilitiesOf(components, rule.verdict), ...rule.capabilities };
  if (probe.granted) applyGranted(capabilities, missing, probe.granted, stringsAt(answer, probe.granted.at));
  for (const { probe: componentProbe, answer: componentAnswer } of further) {
    const verdict = componentAnswer && componentProbe.rules.find((each) => fits(componentAnswer, each))?.capability;
    for (const component of componentProbe.components) capabilities[component] = verdict ?? 'unknown';
    if (componentAnswer) missing.push(...missingPermissions(componentAnswer, probe.missing));
  }
  const neededBy = new Map(Object.entries(probe.needed_by ?? {}));
  for (const component of missing.flatMap((name) => neededBy.get(name) ?? [])) capabilities[component] = 'missing';
  const served = Object.fromEntries(components.map((component) => [component, capabilities[component] ?? 'unknown']));
  return { capabilities: served, missing: [...new Set(missing)] };
}

function applyGranted(
  capabilities: Permissions['capabilities'],
  missing: string[],
  { needs }: GrantedPermissions,
  granted: readonly string[] | undefined,
): void {
  for (const [component, need] of Object.entries(needs) as [ComponentName, NonNullable<(typeof needs)['stt']>][]) {
    if (!granted) capabilities[component] = 'unknown';
    else if (need.any_of.some((name) => granted.includes(name))) capabilities[component] = 'ok';
    else {
      capabilities[component] = need.otherwise;
      if (need.otherwise === 'missing') missing.push(need.any_of[0]!);
    }
  }
}
