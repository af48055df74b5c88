import type { CallConfig, ComponentName } from '#libs/contracts';
import type { Offering } from './catalogue.schema.js';
import { configPartsOf, isSection, type ConfigPart, type Section } from './config-parts.js';
import type { OfferingIndex } from './offering-index.js';

/** Something in a configuration that the catalogue does not have. */
export interface ConfigProblem {
  component: ComponentName;
  /** The field at fault, such as `llm_config.model`. */
  path: string;
  code: 'unknown_provider' | 'unknown_model' | 'unknown_voice' | 'invalid_temperature';
  /** A sentence that names the field and never its value, which may be a key in the wrong place. */
  message: string;
  /** What may stand there instead. */
  allowed: readonly string[];
}

const temperatureMax = 2;

/** Everything in the parts of a configuration that a call would use which the catalogue does not have. */
export function configProblems(index: OfferingIndex, config: CallConfig): ConfigProblem[] {
  const parts = configPartsOf(config, (provider) => index.isRealtime(provider));
  return parts.flatMap((part) => partProblems(index, part));
}

function partProblems(index: OfferingIndex, part: ConfigPart): ConfigProblem[] {
  const { component, path, section } = part;
  const given = isSection(section) ? section.provider : undefined;
  const named = given !== undefined && given !== null;
  const provider = named || !part.mayOmitProvider ? given : index.defaultOf(component);
  const offering = isSection(section) ? index.offering(component, provider) : undefined;
  if (!offering || !isSection(section)) {
    const field = `${path}.provider`;
    const message = named ? `${field} names no provider of ${component}.` : `${field} is required.`;
    return [{ component, path: field, code: 'unknown_provider', message, allowed: index.providersOf(component) }];
  }
  return [
    ...modelProblems(part, section, offering),
    ...voiceProblems(part, section, offering),
    ...(component === 'llm' ? temperatureProblems(part, section) : []),
  ];
}

/** An empty model counts as none, as it does when a call is resolved. */
function modelProblems({ component, path }: ConfigPart, { model }: Section, offering: Offering): ConfigProblem[] {
  const allowed = offering.models.map(({ id }) => id);
  if (model === undefined || model === null || model === '' || allowed.length === 0) return [];
  if (allowed.includes(model as string)) return [];
  const field = `${path}.model`;
  const message = `${field} is not a model of ${offering.provider} for ${component}.`;
  return [{ component, path: field, code: 'unknown_model', message, allowed }];
}

function voiceProblems({ component, path }: ConfigPart, section: Section, offering: Offering): ConfigProblem[] {
  const { voices } = offering;
  if (!voices) return [];
  return ['voice', 'voice_id'].flatMap((name): ConfigProblem[] => {
    const voice = section[name];
    if (voice === undefined || voice === null || voices.known.includes(voice as string)) return [];
    const field = `${path}.${name}`;
    if (!voices.free_text) {
      const message = `${field} is not a voice of ${offering.provider}.`;
      return [{ component, path: field, code: 'unknown_voice', message, allowed: voices.known }];
    }
    if (typeof voice === 'string') return [];
    return [{ component, path: field, code: 'unknown_voice', message: `${field} must be a string.`, allowed: [] }];
  });
}

function temperatureProblems({ component, path }: ConfigPart, { temperature }: Section): ConfigProblem[] {
  if (temperature === undefined || temperature === null) return [];
  if (typeof temperature === 'number' && temperature >= 0 && temperature <= temperatureMax) return [];
  const field = `${path}.temperature`;
  const allowed = [`a number from 0 to ${temperatureMax}`];
  const message = `${field} must be ${allowed[0]}.`;
  return [{ component, path: field, code: 'invalid_temperature', message, allowed }];
}
