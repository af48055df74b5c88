import type { Catalogue, ComponentNeed } from '#libs/catalogue';
import { componentNames, type CallConfig } from '#libs/contracts';

/** A call as far as it decides which keys are needed. */
export interface CallToDecide {
  organizationId: string;
  assistantId?: string | undefined;
  /** Overrides what the assistant says, section by section. */
  config?: CallConfig | undefined;
  /** Where the call is handled. */
  region?: string | undefined;
}

/** What a call says and what its assistant says, put together. */
export interface CallNeeds {
  /** The effective configuration. */
  config: CallConfig;
  /** Whether the call names an assistant that its organization does not have. */
  assistantMissing: boolean;
  /** In the order the catalogue names components. */
  needs: ComponentNeed[];
}

const sections = ['stt_config', 'llm_config', 'tts_config', 'analysis_plan'] as const;

/** What every component of the call needs. What only an assistant that is not there could say is unknown. */
export function needsOfCall(
  catalogue: Catalogue,
  { assistantId, config: overrides }: CallToDecide,
  assistant: CallConfig | undefined,
): CallNeeds {
  const config = effectiveConfig(assistant, overrides);
  const assistantMissing = assistantId !== undefined && assistant === undefined;
  const needs = catalogue.needsOf(config);
  if (assistantMissing) needs.push(...needsLeftOpen(catalogue, config));
  return { config, assistantMissing, needs: assistantMissing ? needs.toSorted(byComponent) : needs };
}

/** The sections of the call in place of the assistant's; `null` takes a section away. */
function effectiveConfig(assistant: CallConfig | undefined, overrides: CallConfig | undefined): CallConfig {
  if (!assistant) return overrides ?? {};
  const chosen = sections.map((name) => [name, overrides?.[name] === undefined ? assistant[name] : overrides[name]]);
  return Object.fromEntries(chosen) as CallConfig;
}

/** Post-call components are not among them: most assistants have none. */
function needsLeftOpen(catalogue: Catalogue, config: CallConfig): ComponentNeed[] {
  if (catalogue.isRealtime(config.llm_config?.provider)) return [];
  return (['stt', 'llm', 'tts'] as const)
    .filter((component) => config[`${component}_config`] === undefined)
    .map((component) => ({ kind: 'unknown', component, provider: null, reason: 'assistant_not_found' }));
}

function byComponent(one: ComponentNeed, other: ComponentNeed): number {
  return componentNames.indexOf(one.component) - componentNames.indexOf(other.component);
}
