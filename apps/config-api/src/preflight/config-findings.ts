import type { Catalogue, ConfigProblem } from '#libs/catalogue';
import type { ComponentName } from '#libs/contracts';
import type { LiveVoiceLibrary } from '../live-lists/live-voice.library.js';
import type { KeylessCall, KeylessKey } from './keyless-call.js';

/** Something about a configuration that a person should know before a call. */
export interface ConfigFinding {
  component: ComponentName;
  /** Whether a call would fail because of it. */
  blocks: boolean;
  code: string;
  message: string;
}

const speakers = ['tts', 'llm'] as const;
type Speaker = (typeof speakers)[number];

/** Looks for what would make a call fail although it has its keys: unknown models, voices that are not there. */
export class ConfigFindings {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly voices: LiveVoiceLibrary,
  ) {}

  /** @param live whether the provider may be asked for its voices. */
  async of(call: KeylessCall, live: boolean): Promise<ConfigFinding[]> {
    const problems = [
      ...this.catalogue.configProblems(call.config).map((problem) => findingOf(problem, call)),
      ...speakers.flatMap((speaker) => this.unnamedVoice(speaker, call)),
    ];
    if (!live) return problems;
    const unsaid = speakers.filter((speaker) => !problems.some((found) => isVoiceOf(speaker, found)));
    const voices = await Promise.all(unsaid.map((speaker) => this.voiceFinding(speaker, call)));
    return [...problems, ...voices.filter((finding) => finding !== undefined)];
  }

  private unnamedVoice(component: Speaker, call: KeylessCall): ConfigFinding[] {
    const need = call.components.find((decided) => decided.need.component === component)?.need;
    if (need?.kind !== 'needed' || !this.catalogue.needsVoice(need)) return [];
    if (this.voiceOf(component, call) !== undefined) return [];
    const message = `${component}_config.voice_id is missing, and ${need.provider} has no default voice.`;
    return [{ component, blocks: false, code: 'voice_unnamed', message }];
  }

  private async voiceFinding(component: Speaker, call: KeylessCall): Promise<ConfigFinding | undefined> {
    const speaker = call.components.find((decided) => decided.need.component === component);
    const voiceId = this.voiceOf(component, call);
    if (!speaker || 'reason' in speaker || voiceId === undefined) return undefined;
    if (this.voices.isEverywhere(speaker.need.slot, voiceId)) return undefined;
    const account = accountOf(speaker);
    // Nobody is told what another's account holds, and nobody's questions are asked with another's key.
    if (speaker.source !== 'tenant')
      return unchecked(component, `${account} is not looked up: your own keys alone are asked with.`);
    const found = await this.voices.find(speaker.snapshot, voiceId);
    if (typeof found === 'string') return found === 'absent' ? absent(speaker, voiceId) : undefined;
    if ('refused' in found) return refused(speaker, found.refused);
    return unchecked(component, `${account} could not be found out: ${found.unknown}`);
  }

  /** The voice that the component would speak with. */
  private voiceOf(component: Speaker, { config }: KeylessCall): string | undefined {
    const section = config[`${component}_config`];
    if (!section || (component === 'llm' && !this.catalogue.isRealtime(section.provider))) return undefined;
    return [section['voice_id'], section['voice']].find(isNamed);
  }
}

function isNamed(voice: unknown): voice is string {
  return typeof voice === 'string' && voice !== '';
}

/** Whether the catalogue knows all voices there are, and not this one. */
function isVoiceOf(speaker: Speaker, { component, code }: ConfigFinding): boolean {
  return component === speaker && code === 'unknown_voice';
}

function findingOf({ component, code, path, message, allowed }: ConfigProblem, call: KeylessCall): ConfigFinding {
  const told = allowed.every((value) => message.includes(value)) ? '' : ` It may be ${allowed.join(', ')}.`;
  const [section = ''] = path.split('.', 1);
  const isOverride = call.request.assistantId !== undefined && section in (call.request.config ?? {});
  const hint =
    isOverride && code === 'unknown_provider'
      ? ` A ${section} of the call takes the place of the assistant's whole one.`
      : '';
  return { component, blocks: true, code, message: message + told + hint };
}

function accountOf({ need, source }: KeylessKey): string {
  const whose = { tenant: 'your', inherited: "your agency's", platform: "the platform's" }[source];
  return `the voice library of ${whose} ${need.slot} account`;
}

function absent(speaker: KeylessKey, voiceId: string): ConfigFinding {
  const { component, slot } = speaker.need;
  const message =
    `The voice ${voiceId} is not in ${accountOf(speaker)}: add it there, or choose one that is ` +
    `(GET /byok/providers/${slot}/voices).`;
  return { component, blocks: true, code: 'voice_not_found', message };
}

function refused({ need }: KeylessKey, why: string): ConfigFinding {
  const message = `${why} See POST /byok/keys/${need.slot}/test, or replace the key with POST /byok.`;
  return { component: need.component, blocks: true, code: 'key_refused', message };
}

function unchecked(component: Speaker, where: string): ConfigFinding {
  return { component, blocks: false, code: 'voice_unchecked', message: `Whether the voice is in ${where}` };
}
