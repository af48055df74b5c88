import type { Catalogue, Model, Slot } from '#libs/catalogue';

/** One provider of `GET /byok/config`. */
export interface ListedProvider {
  id: string;
  name: string;
  category: string;
  docsUrl: string;
  models: { id: string; name: string; default?: true }[];
}

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
  const defaultModel = offered.find((model) => model.default);
  return [...byId.values()].map((model) => listed(model, model === defaultModel));
}

function listed({ id, name }: Model, isDefault: boolean): ListedProvider['models'][number] {
  return { id, name, ...(isDefault && { default: true as const }) };
}
