import type { Catalogue, ComponentNeed } from '#libs/catalogue';
import type { CallConfig } from '#libs/contracts';

/** A call as far as it decides which keys are needed. */
export interface CallToDecide {
  organizationId: string;
  assistantId?: string | undefined;
  /** Overrides what the assistant says, section by section. */
  config?: CallConfig | undefined;
  /** Where the call is handled. */
  region?: string | undefined;
}

const sections = ['stt_config', 'llm_config', 'tts_config', 'analysis_plan'] as const;

/** The assistant's configuration with the sections of the call in place of its own; `null` takes a section away. */
export function effectiveConfig(assistant: CallConfig | undefined, overrides: CallConfig | undefined): CallConfig {
  if (!assistant) return overrides ?? {};
  const chosen = sections.map((name) => [name, overrides?.[name] === undefined ? assistant[name] : overrides[name]]);
  return Object.fromEntries(chosen) as CallConfig;
}

/**
 * What every component of the call needs. Of an assistant that is not there, the components that only it could name are
 * unknown.
 */
export function needsOfCall(
  catalogue: Catalogue,
  { assistantId, config }: CallToDecide,
  assistant: CallConfig | undefined,
): ComponentNeed[] {
  const needs = catalogue.needsOf(effectiveConfig(assistant, config));
  if (assistantId === undefined || assistant || config?.llm_config) return needs;
  const unnamed = (['stt', 'llm', 'tts'] as const).filter((name) => !needs.some((need) => need.component === name));
  return [
    ...needs,
    ...unnamed.map((component) => ({
      kind: 'unknown' as const,
      component,
      provider: null,
      reason: 'assistant_not_found' as const,
    })),
  ];
}
