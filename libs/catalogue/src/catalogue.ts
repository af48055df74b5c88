import { readFileSync } from 'node:fs';
import { componentNames, type CallConfig, type ComponentName } from '#libs/contracts';
import { pathText, shapeProblems, type CatalogueProblem } from './catalogue-problem.js';
import { catalogueSchema, type Offering, type Slot } from './catalogue.schema.js';
import type { ComponentNeed, NeededComponent } from './component-need.js';
import { configPartsOf, isSection } from './config-parts.js';
import { configProblems, type ConfigProblem } from './config-problems.js';
import { OfferingIndex } from './offering-index.js';
import { modelsOnSlot } from './models-on-slot.js';
import { referenceProblems } from './reference-problems.js';

const builtInPath = new URL('../data/catalogue.json', import.meta.url);

/** The catalogue that comes with this library, as it is stored. */
export function builtInCatalogue(): Record<'slots' | 'offerings', unknown[]> {
  return JSON.parse(readFileSync(builtInPath, 'utf8')) as Record<'slots' | 'offerings', unknown[]>;
}

/** Providers, models and slots, and which of them a call needs. See docs/catalogue.md for the rules. */
export class Catalogue {
  private readonly index: OfferingIndex;
  private readonly slotIds: ReadonlySet<string>;

  private constructor(
    readonly slots: readonly Slot[],
    readonly offerings: readonly Offering[],
  ) {
    this.index = new OfferingIndex(offerings);
    this.slotIds = new Set(slots.map((slot) => slot.id));
  }

  /** The catalogue that comes with this library. */
  static load(): Catalogue {
    return Catalogue.parse(builtInCatalogue());
  }

  /** A catalogue from parsed JSON; throws an Error with one line `path: problem` for everything that is wrong. */
  static parse(json: unknown): Catalogue {
    const checked = Catalogue.check(json);
    if (checked instanceof Catalogue) return checked;
    const lines = checked.map(({ path, message, rival }) =>
      [`${pathText(path)}: ${message}`, rival && pathText(rival)].filter(Boolean).join(' '),
    );
    throw new Error(['The catalogue is not valid:', ...lines].join('\n'));
  }

  /** A catalogue from parsed JSON, or everything that is wrong with it. */
  static check(json: unknown): Catalogue | CatalogueProblem[] {
    const parsed = catalogueSchema.safeParse(json);
    if (!parsed.success) return shapeProblems(parsed.error);
    const problems = referenceProblems(parsed.data);
    return problems.length > 0 ? problems : new Catalogue(parsed.data.slots, parsed.data.offerings);
  }

  /** Whether a slot of this id exists. */
  hasSlot(id: string): boolean {
    return this.slotIds.has(id);
  }

  /** The slot of this id. */
  findSlot(id: string): Slot | undefined {
    return this.slots.find((slot) => slot.id === id);
  }

  /** The components that may run on a key of this slot, in the order of the call. */
  componentsOf(slotId: string): ComponentName[] {
    const served = this.offerings.filter(
      ({ slot, models }) => slot === slotId || models.some((model) => model.slot === slotId),
    );
    return componentNames.filter((name) => served.some(({ component }) => component === name));
  }

  /** The models that run on a key of this slot, each once. */
  modelsOf(slotId: string): string[] {
    const running = this.offerings.flatMap((offering) => modelsOnSlot(offering, slotId));
    return [...new Set(running.map(({ id }) => id))];
  }

  /** Whether the llm provider of this id hears and speaks by itself, so that a call needs no stt and no tts. */
  isRealtime(provider: unknown): boolean {
    return this.index.isRealtime(provider);
  }

  /** Whether a voice must be named: the provider has no default one and none that everybody has. */
  needsVoice({ component, provider }: NeededComponent): boolean {
    const voices = this.index.offering(component, provider)?.voices;
    return voices !== undefined && voices.default === undefined && voices.known.length === 0;
  }

  /** What the call needs, each component at most once. Never throws, whatever the sections hold. */
  needsOf(config: CallConfig): ComponentNeed[] {
    return configPartsOf(config, (provider) => this.isRealtime(provider)).map(
      ({ component, section, mayOmitProvider }) => {
        if (!isSection(section)) return this.index.need(component, undefined, undefined);
        return mayOmitProvider
          ? this.index.needOrDefault(component, section.provider, section.model)
          : this.index.need(component, section.provider, section.model);
      },
    );
  }

  /** What the same parts of the configuration name that this catalogue does not have; those of parts not used are not told. */
  configProblems(config: CallConfig): ConfigProblem[] {
    return configProblems(this.index, config);
  }
}
