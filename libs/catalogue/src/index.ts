export { Catalogue } from './catalogue.js';
export type { Model, Offering, Slot } from './catalogue.schema.js';
export { readCatalogue } from './catalogue-file.js';
export type { ComponentNeed, NeededComponent, UnknownComponent } from './component-need.js';
export { modelsOnSlot } from './models-on-slot.js';
export { capabilityVerdicts, verdicts } from './provider-api.schema.js';
export type {
  AnswerTest,
  CapabilityVerdict,
  ComponentProbe,
  GrantedPermissions,
  LiveList,
  MissingPermissions,
  Probe,
  ProbeRule,
  ProviderApi,
  ProviderRequest,
  Verdict,
} from './provider-api.schema.js';
export type { ConfigProblem } from './config-problems.js';
