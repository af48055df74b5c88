import type { Catalogue, Model, Slot } from '#libs/catalogue';
import type { ListedProvider } from './key-answers.schema.js';

/** The catalogue as clients list it: every slot with the models of its main use. */
export function listProviders(catalogue: Catalogue): ListedProvider[] {
  return catalogue.slots.map((slot) => {
    const { id, name, category, docsUrl } = slot;
    return { id, name, category, docsUrl, models: modelsOf(catalogue, slot) };
  });
}

function modelsOf(catalogue: Catalogue, slot: Slot): ListedProvider['models'] {
  const offered = catalogue.offerings
    .filter((offering) => offering.component === slot.category)
    .flatMap((offering) => offering.models.filter((model) => (model.slot ?? offering.slot) === slot.id));
  const byId = new Map(offered.map((model) => [model.id, model]));
  // Of some slots only models are offered that are nobody's default.
  const defaultModel = offered.find((model) => model.default) ?? offered[0];
  return [...byId.values()].map((model) => listed(model, model === defaultModel));
}

function listed({ id, name }: Model, isDefault: boolean): ListedProvider['models'][number] {
  return { id, name, ...(isDefault && { default: true as const }) };
}
