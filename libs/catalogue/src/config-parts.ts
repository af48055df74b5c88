import type { CallConfig, ComponentName } from '#libs/contracts';

/** A part of a configuration that says what one component runs on. */
export interface ConfigPart {
  component: ComponentName;
  /** Where it stands, such as `analysis_plan.llm`. */
  path: string;
  /** As given: anything but `undefined` and `null`. */
  section: unknown;
  /** Whether the catalogue's default provider stands in for one that is not named. */
  mayOmitProvider: boolean;
}

export type Section = Readonly<Record<string, unknown>>;

/**
 * The parts of a configuration that a call would use, in the order of the call, each component at most once. Never
 * throws, whatever the sections hold.
 */
export function configPartsOf(config: CallConfig, isRealtime: (provider: unknown) => boolean): ConfigPart[] {
  if (!isSection(config)) return [];
  const { stt_config: stt, llm_config: llm, tts_config: tts, analysis_plan: plan } = config;
  const realtime = isSection(llm) && isRealtime(llm.provider);
  const parts: ConfigPart[] = [];
  const addNamed = (component: 'stt' | 'llm' | 'tts', section: unknown): void => {
    if (section === undefined || section === null) return;
    parts.push({ component, path: `${component}_config`, section, mayOmitProvider: false });
  };
  if (!realtime) addNamed('stt', stt);
  addNamed('llm', llm);
  if (!realtime) addNamed('tts', tts);
  if (isSection(plan) && plan.enabled !== false) addPostCall(parts, plan, realtime);
  return parts;
}

/** Whether a value is an object with named fields. */
export function isSection(value: unknown): value is Section {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function addPostCall(parts: ConfigPart[], plan: Section, realtime: boolean): void {
  const add = (component: ComponentName, path: string, section: unknown): void => {
    parts.push({ component, path, section, mayOmitProvider: true });
  };
  if (realtime) add('postcall_stt', 'analysis_plan.stt', plan.stt ?? {});
  if (plan.llm === undefined || plan.llm === null) add('postcall_llm', 'analysis_plan', plan);
  else add('postcall_llm', 'analysis_plan.llm', plan.llm);
  if (asksForEmail(plan)) add('email', 'analysis_plan.email', {});
}

function asksForEmail({ email, email_recipients: recipients }: Section): boolean {
  if (isSection(email) && email.enabled === false) return false;
  return isFilled(email) || isFilled(recipients);
}

function isFilled(value: unknown): boolean {
  if (typeof value === 'string' || Array.isArray(value)) return value.length > 0;
  return value === true || (isSection(value) && Object.keys(value).length > 0);
}
