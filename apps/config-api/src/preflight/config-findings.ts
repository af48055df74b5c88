import type { Catalogue } from '#libs/catalogue';
import type { ComponentName } from '#libs/contracts';
import type { LiveVoiceLibrary } from '../live-lists/live-voice.library.js';
import type { KeylessCall, KeylessComponent, KeylessKey } from './keyless-call.js';

/** Something about a configuration that a person should know before a call. */
export interface ConfigFinding {
  component: ComponentName;
  /** Whether a call would fail because of it. */
  blocks: boolean;
  code: string;
  message: string;
}

/** Looks for what would make a call fail although it has its keys: unknown models, voices that are not there. */
export class ConfigFindings {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly voices: LiveVoiceLibrary,
  ) {}

  /** @param live whether the provider may be asked for its voices. */
  async of({ config, components }: KeylessCall, live: boolean): Promise<ConfigFinding[]> {
    // An unknown provider has its reason already: nobody can say which key it would need.
    const problems = this.catalogue
      .configProblems(config)
      .filter(({ code }) => code !== 'unknown_provider')
      .map(({ component, code, message }): ConfigFinding => ({ component, blocks: true, code, message }));
    const voiceId = config.tts_config?.['voice_id'];
    const tts = components.find(isDecidedTts);
    if (!live || !tts || typeof voiceId !== 'string') return problems;
    const finding = await this.voiceFinding(tts, voiceId);
    return finding ? [...problems, finding] : problems;
  }

  private async voiceFinding(tts: KeylessKey, voiceId: string): Promise<ConfigFinding | undefined> {
    const { need, source, snapshot } = tts;
    if (this.voices.isEverywhere(need.slot, voiceId)) return undefined;
    const library = libraryOf(tts);
    // Nobody is told what another's account holds, and nobody's questions are asked with another's key.
    if (source !== 'tenant') return unchecked(`${library} is not looked up: your own keys alone are asked with`);
    const found = await this.voices.has(snapshot, voiceId);
    if (found === undefined) return unchecked(`${library} could not be found out`);
    return found ? undefined : absent(`The voice ${voiceId} is not in ${library}`);
  }
}

function isDecidedTts(component: KeylessComponent): component is KeylessKey {
  return component.need.component === 'tts' && !('reason' in component);
}

function libraryOf({ need, source }: KeylessKey): string {
  const whose = { tenant: 'your', inherited: "your agency's", platform: "the platform's" }[source];
  return `the Voice Library of ${whose} ${need.slot} account`;
}

function absent(what: string): ConfigFinding {
  const message = `${what}: add it there, or choose one that is.`;
  return { component: 'tts', blocks: true, code: 'voice_not_found', message };
}

function unchecked(where: string): ConfigFinding {
  return { component: 'tts', blocks: false, code: 'voice_unchecked', message: `Whether the voice is in ${where}.` };
}
