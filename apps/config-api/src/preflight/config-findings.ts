import type { Catalogue } from '#libs/catalogue';
import type { CallConfig, ComponentName } from '#libs/contracts';

/** Something about a configuration that a person should know before a call. */
export interface ConfigFinding {
  component: ComponentName;
  /** Whether a call would fail because of it. */
  blocks: boolean;
  code: string;
  message: string;
}

/** Whether an organization's provider account has a voice. */
export abstract class VoiceLibrary {
  /** Undefined when it cannot be told: no own key, or the provider does not answer. */
  abstract has(organizationId: string, provider: string, voiceId: string): Promise<boolean | undefined>;
}

/** Looks for what would make a call fail although it has its keys: unknown models, voices that are not there. */
export class ConfigFindings {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly voices: VoiceLibrary,
  ) {}

  /** @param live whether the provider may be asked for its voices. */
  async of(organizationId: string, config: CallConfig, live: boolean): Promise<ConfigFinding[]> {
    // An unknown provider has its reason already: nobody can say which key it would need.
    const problems = this.catalogue
      .configProblems(config)
      .filter(({ code }) => code !== 'unknown_provider')
      .map(({ component, code, message }): ConfigFinding => ({ component, blocks: true, code, message }));
    return live ? [...problems, ...(await this.voiceFindings(organizationId, config))] : problems;
  }

  private async voiceFindings(organizationId: string, config: CallConfig): Promise<ConfigFinding[]> {
    const voiceId = config.tts_config?.['voice_id'];
    const need = this.catalogue.needsOf(config).find(({ component }) => component === 'tts');
    if (typeof voiceId !== 'string' || need?.kind !== 'needed') return [];
    const found = await this.voices.has(organizationId, need.slot, voiceId);
    if (found) return [];
    const where = `the Voice Library of your ${need.slot} account`;
    return found === false
      ? [
          {
            component: 'tts',
            blocks: true,
            code: 'voice_not_found',
            message: `The voice ${voiceId} is not in ${where}: add it there, or choose one that is.`,
          },
        ]
      : [
          {
            component: 'tts',
            blocks: false,
            code: 'voice_unchecked',
            message: `Whether the voice is in ${where} could not be found out.`,
          },
        ];
  }
}
