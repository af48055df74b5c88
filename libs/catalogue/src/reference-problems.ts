import { componentNames } from '#libs/contracts';
import type { CatalogueContent, Offering } from './catalogue.schema.js';

/** Components that no section of the configuration names, so that one provider must be the default. */
const componentsWithDefault: readonly string[] = ['postcall_stt', 'postcall_llm', 'email'];

/** Every way in which the parts of a catalogue contradict each other, as `path: problem`. */
export function referenceProblems({ slots, offerings }: CatalogueContent): string[] {
  const slotIds = new Set(slots.map((slot) => slot.id));
  return [
    ...repeated(slots.map((slot, index) => [slot.id, `slots[${index}].id`])),
    ...repeated(offerings.flatMap(providerIdsOf)),
    ...offerings.flatMap((offering, index) => offeringProblems(offering, `offerings[${index}]`, slotIds)),
    ...componentNames.flatMap((component) => componentProblems(component, offerings)),
  ];
}

function offeringProblems(offering: Offering, path: string, slotIds: ReadonlySet<string>): string[] {
  const problems = repeated(offering.models.map((model, index) => [model.id, `${path}.models[${index}].id`]));
  const checkSlot = (slot: string, at: string): void => {
    if (!slotIds.has(slot)) problems.push(`${at}: no slot is called "${slot}"`);
  };
  checkSlot(offering.slot, `${path}.slot`);
  offering.models.forEach((model, index) => {
    if (model.slot !== undefined) checkSlot(model.slot, `${path}.models[${index}].slot`);
  });
  const defaultCount = offering.models.filter((model) => model.default).length;
  if (offering.models.length > 0 && defaultCount !== 1) {
    problems.push(`${path}.models: exactly one must be the default, not ${defaultCount}`);
  }
  if (offering.realtime && offering.component !== 'llm') problems.push(`${path}.realtime: only an llm is realtime`);
  const { voices } = offering;
  if (voices?.default !== undefined && !voices.known.includes(voices.default)) {
    problems.push(`${path}.voices.default: "${voices.default}" is not among the known voices`);
  }
  return problems;
}

function componentProblems(component: string, offerings: readonly Offering[]): string[] {
  const own = offerings.filter((offering) => offering.component === component);
  if (own.length === 0) return [`offerings: nobody offers ${component}`];
  const expected = componentsWithDefault.includes(component) ? 1 : 0;
  const count = own.filter((offering) => offering.default).length;
  return count === expected ? [] : [`offerings: ${component} must have ${expected} default provider, not ${count}`];
}

/** Ids and aliases of one offering, each made unique by its component, with their paths. */
function providerIdsOf({ component, provider, aliases = [] }: Offering, index: number): [string, string][] {
  return [
    [`${component} ${provider}`, `offerings[${index}].provider`],
    ...aliases.map((alias, at): [string, string] => [`${component} ${alias}`, `offerings[${index}].aliases[${at}]`]),
  ];
}

function repeated(idsWithPath: readonly (readonly [string, string])[]): string[] {
  const firstPathOf = new Map<string, string>();
  const problems: string[] = [];
  for (const [id, path] of idsWithPath) {
    const first = firstPathOf.get(id);
    if (first === undefined) firstPathOf.set(id, path);
    else problems.push(`${path}: "${id}" is already taken by ${first}`);
  }
  return problems;
}
