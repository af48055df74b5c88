import type { ComponentName } from '#libs/contracts';
import type { Offering } from './catalogue.schema.js';
import type { ComponentNeed, NeededComponent } from './component-need.js';

/**
 * Other provider ids are taken for garbage and not repeated: PostgreSQL keeps neither NUL nor half a character, and
 * what is longer than any provider's name may be a key that slipped into the wrong field.
 */
const repeatableProvider = /^\P{C}{1,24}$/u;

interface IndexedOffering {
  readonly offering: Offering;
  readonly realtime: boolean;
  /** Answers a configuration that names no model. */
  readonly withoutModel: NeededComponent;
  readonly slotOfUnknownModel: string;
  readonly byModel: ReadonlyMap<string, NeededComponent>;
}

/** The offerings by component, provider (or alias) and model, with every answer made in advance. */
export class OfferingIndex {
  private readonly byComponent = new Map<ComponentName, Map<string, IndexedOffering>>();
  private readonly defaults = new Map<ComponentName, string>();

  constructor(offerings: readonly Offering[]) {
    for (const offering of offerings) this.add(offering);
  }

  /** Whether the provider's llm hears and speaks by itself. */
  isRealtime(provider: unknown): boolean {
    return this.find('llm', provider)?.realtime ?? false;
  }

  /** The need for `component` from a provider and a model as a configuration gives them, whatever they are. */
  need(component: ComponentName, provider: unknown, model: unknown): ComponentNeed {
    const offering = this.find(component, provider);
    if (offering === undefined) {
      return { kind: 'unknown', component, provider: asProviderId(provider), reason: 'unknown_provider' };
    }
    if (typeof model !== 'string' || model === '') return offering.withoutModel;
    return offering.byModel.get(model) ?? { ...offering.withoutModel, slot: offering.slotOfUnknownModel, model };
  }

  /** The same for a component whose provider may be left out. */
  needOrDefault(component: ComponentName, provider: unknown, model: unknown): ComponentNeed {
    return this.need(component, provider ?? this.defaultOf(component), model);
  }

  /** The provider of a component when the configuration names none. */
  defaultOf(component: ComponentName): string | undefined {
    return this.defaults.get(component);
  }

  /** What the provider of this id or alias offers for the component. */
  offering(component: ComponentName, provider: unknown): Offering | undefined {
    return this.find(component, provider)?.offering;
  }

  /** The ids of all providers of the component, without aliases. */
  providersOf(component: ComponentName): string[] {
    const offered = [...(this.byComponent.get(component)?.values() ?? [])];
    return [...new Set(offered.map(({ offering }) => offering.provider))];
  }

  private find(component: ComponentName, provider: unknown): IndexedOffering | undefined {
    return typeof provider === 'string' ? this.byComponent.get(component)?.get(provider) : undefined;
  }

  private add(offering: Offering): void {
    const { component, provider } = offering;
    const indexed = indexOffering(offering);
    const byProvider = this.byComponent.get(component) ?? new Map<string, IndexedOffering>();
    this.byComponent.set(component, byProvider);
    for (const id of [provider, ...(offering.aliases ?? [])]) byProvider.set(id, indexed);
    if (offering.default) this.defaults.set(component, provider);
  }
}

function indexOffering(offering: Offering): IndexedOffering {
  const { component, provider, slot, models, realtime } = offering;
  const needOf = (model: string | null, modelSlot: string): NeededComponent =>
    Object.freeze({ kind: 'needed', component, provider, slot: modelSlot, model });
  const byModel = new Map(models.map((model) => [model.id, needOf(model.id, model.slot ?? slot)]));
  const defaultModel = models.find((model) => model.default);
  return {
    offering,
    realtime: realtime ?? false,
    withoutModel: (defaultModel && byModel.get(defaultModel.id)) ?? needOf(null, slot),
    slotOfUnknownModel: slot,
    byModel,
  };
}

function asProviderId(provider: unknown): string | null {
  return typeof provider === 'string' && repeatableProvider.test(provider) ? provider : null;
}
