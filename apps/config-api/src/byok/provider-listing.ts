import { modelsOnSlot, type Catalogue, type Model, type Offering, type Slot } from '#libs/catalogue';
import type { ListedOffering, ListedProvider } from './key-answers.schema.js';

/** The catalogue as clients list it: every slot with the models of its main use, and with all that runs on its key. */
export function listProviders(catalogue: Catalogue): ListedProvider[] {
  return catalogue.slots.map((slot) => {
    const { id, name, category, docsUrl } = slot;
    const offerings = catalogue.offerings.flatMap((offering) => listedOfferings(offering, id));
    return { id, name, category, docsUrl, models: mainModels(catalogue, slot), offerings };
  });
}

function mainModels({ offerings }: Catalogue, slot: Slot): ListedProvider['models'] {
  const offered = offerings
    .filter(({ component }) => component === slot.category)
    .flatMap((offering) => modelsOnSlot(offering, slot.id));
  const byId = new Map(offered.map((model) => [model.id, model]));
  const defaultModel = offered.find((model) => model.default);
  return [...byId.values()].map((model) => listedModel(model, model === defaultModel));
}

/** The offering as far as it runs on the slot's key; none when it does not. */
function listedOfferings(offering: Offering, slotId: string): ListedOffering[] {
  const models = modelsOnSlot(offering, slotId);
  if (models.length === 0 && offering.slot !== slotId) return [];
  const { component, provider, name, aliases = [], realtime = false, default: isDefault = false, voices } = offering;
  return [
    {
      component,
      provider,
      name,
      aliases,
      realtime,
      default: isDefault,
      models: models.map((model) => listedModel(model, model.default)),
      voices: voices ? { known: voices.known, default: voices.default ?? null, free_text: voices.free_text } : null,
    },
  ];
}

function listedModel({ id, name }: Model, isDefault = false): ListedProvider['models'][number] {
  return { id, name, ...(isDefault && { default: true as const }) };
}
