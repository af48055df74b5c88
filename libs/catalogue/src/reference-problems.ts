import { componentNames } from '#libs/contracts';
import type { CatalogueProblem } from './catalogue-problem.js';
import type { CatalogueContent, Offering } from './catalogue.schema.js';

/** Components that no section of the configuration names, so that one provider must be the default. */
const componentsWithDefault: readonly string[] = ['postcall_stt', 'postcall_llm', 'email'];

type Path = readonly PropertyKey[];

/** Every way in which the parts of a catalogue contradict each other. */
export function referenceProblems({ slots, offerings }: CatalogueContent): CatalogueProblem[] {
  const slotIds = new Set(slots.map((slot) => slot.id));
  return [
    ...repeated(slots.map((slot, index) => [slot.id, ['slots', index, 'id']])),
    ...repeated(offerings.flatMap(providerIdsOf)),
    ...offerings.flatMap((offering, index) => offeringProblems(offering, ['offerings', index], slotIds)),
    ...componentNames.flatMap((component) => componentProblems(component, offerings)),
  ];
}

function offeringProblems(offering: Offering, path: Path, slotIds: ReadonlySet<string>): CatalogueProblem[] {
  const problems = repeated(offering.models.map((model, index) => [model.id, [...path, 'models', index, 'id']]));
  const report = (at: Path, message: string): void => void problems.push({ path: [...path, ...at], message });
  const checkSlot = (slot: string, at: Path): void => {
    if (!slotIds.has(slot)) report(at, `no slot is called "${slot}"`);
  };
  checkSlot(offering.slot, ['slot']);
  offering.models.forEach((model, index) => {
    if (model.slot !== undefined) checkSlot(model.slot, ['models', index, 'slot']);
  });
  const defaultCount = offering.models.filter((model) => model.default).length;
  if (offering.models.length > 0 && defaultCount !== 1) {
    report(['models'], `exactly one must be the default, not ${defaultCount}`);
  }
  if (offering.realtime && offering.component !== 'llm') report(['realtime'], 'only an llm is realtime');
  const { voices } = offering;
  if (voices?.default !== undefined && !voices.known.includes(voices.default)) {
    report(['voices', 'default'], `"${voices.default}" is not among the known voices`);
  }
  return problems;
}

function componentProblems(component: string, offerings: readonly Offering[]): CatalogueProblem[] {
  const path = ['offerings'];
  const own = offerings.filter((offering) => offering.component === component);
  if (own.length === 0) return [{ path, message: `nobody offers ${component}` }];
  const expected = componentsWithDefault.includes(component) ? 1 : 0;
  const count = own.filter((offering) => offering.default).length;
  if (count === expected) return [];
  return [{ path, message: `${component} must have ${expected} default provider, not ${count}` }];
}

/** Ids and aliases of one offering, each made unique by its component, with their paths. */
function providerIdsOf({ component, provider, aliases = [] }: Offering, index: number): [string, Path][] {
  return [
    [`${component} ${provider}`, ['offerings', index, 'provider']],
    ...aliases.map((alias, at): [string, Path] => [`${component} ${alias}`, ['offerings', index, 'aliases', at]]),
  ];
}

function repeated(idsWithPath: readonly (readonly [string, Path])[]): CatalogueProblem[] {
  const firstPathOf = new Map<string, Path>();
  const problems: CatalogueProblem[] = [];
  for (const [id, path] of idsWithPath) {
    const rival = firstPathOf.get(id);
    if (rival === undefined) firstPathOf.set(id, path);
    else problems.push({ path, message: `"${id}" is already taken by`, rival });
  }
  return problems;
}
