export { Catalogue } from './catalogue.js';
export type { Model, Offering, Slot, SlotCategory, Voices } from './catalogue.schema.js';
export type { ComponentNeed, NeededComponent, UnknownComponent } from './component-need.js';
