import type { Model, Offering } from './catalogue.schema.js';

/** The models of the offering that run on a key of this slot: a model may name another slot than its offering. */
export function modelsOnSlot({ models, slot }: Offering, slotId: string): Model[] {
  return models.filter((model) => (model.slot ?? slot) === slotId);
}
