import { isSection, type Section } from './config-parts.js';

/** What a catalogue file names as `extends`. */
export const extendable = 'built-in';

type Path = readonly PropertyKey[];

/** A list whose entries come from the built-in catalogue, from the file, or from both. */
interface MergedList {
  entries: unknown[];
  /** The index in the file of each entry; undefined for what the file does not mention. */
  origins: (number | undefined)[];
}

/**
 * What a catalogue file says together with the catalogue it extends, not yet checked. A slot is found again by its id,
 * an offering by component and provider, a model by its id: what the file gives of such an entry takes the place of
 * what was there, field by field; other entries are added. A default that the file names is the only one.
 */
export class ExtendedCatalogue {
  /** Where the parts that are in the file stand there, by their place in `content`; null: not in the file. */
  private readonly ownPaths = new Map<string, Path | null>();

  private constructor(readonly content: unknown) {}

  static of(file: unknown, builtIn: Readonly<Record<'slots' | 'offerings', unknown[]>>): ExtendedCatalogue {
    if (!isSection(file) || file.extends !== extendable) return new ExtendedCatalogue(file);
    const { extends: _extends, ...own } = file;
    const slots = mergeLists(builtIn.slots, own.slots, ({ id }) => id);
    const offerings = mergeLists(builtIn.offerings, own.offerings, ({ component, provider }) =>
      [component, provider].join(' '),
    );
    const extended = new ExtendedCatalogue({
      ...own,
      slots: slots?.entries ?? own.slots,
      offerings: offerings ? withOneDefaultEach(offerings, ({ component }) => component) : own.offerings,
    });
    extended.remember(['slots'], ['slots'], slots);
    extended.remember(['offerings'], ['offerings'], offerings);
    offerings?.entries.forEach((offering, index) =>
      extended.mergeModels(offering, index, { builtIn: builtIn.offerings[index], at: offerings.origins[index], own }),
    );
    return extended;
  }

  /** Where in the file the part at this path of `content` stands; undefined when it is not from there. */
  pathInFile(path: Path): Path | undefined {
    for (let length = path.length; length > 0; length--) {
      const own = this.ownPaths.get(path.slice(0, length).join('/'));
      if (own === null) return undefined;
      if (own) return [...own, ...path.slice(length)];
    }
    return path;
  }

  private mergeModels(
    offering: unknown,
    index: number,
    { builtIn, at, own }: { builtIn: unknown; at: number | undefined; own: Section },
  ): void {
    if (at === undefined || !isSection(builtIn) || !isSection(offering)) return;
    const given = (own.offerings as Section[])[at]?.models;
    const models = mergeLists(builtIn.models as unknown[], given, ({ id }) => id);
    if (!models || given === undefined) return;
    Object.assign(offering, { models: withOneDefaultEach(models, () => 'model') });
    this.remember(['offerings', index, 'models'], ['offerings', at, 'models'], models);
  }

  private remember(path: Path, ownPath: Path, list: MergedList | undefined): void {
    list?.origins.forEach((origin, index) => {
      this.ownPaths.set([...path, index].join('/'), origin === undefined ? null : [...ownPath, origin]);
    });
  }
}

/** Undefined when the file's list is no list: then the check says so. */
function mergeLists(builtIn: unknown[], own: unknown, idOf: (entry: Section) => unknown): MergedList | undefined {
  if (own !== undefined && !Array.isArray(own)) return undefined;
  const entries = [...builtIn];
  const origins: MergedList['origins'] = builtIn.map(() => undefined);
  (own ?? []).forEach((entry: unknown, origin: number) => {
    const index = entries.findIndex((known) => isSection(entry) && isSection(known) && idOf(known) === idOf(entry));
    // The second entry of one id in a file is a mistake, which the check will find.
    const extendsBuiltIn = index >= 0 && origins[index] === undefined;
    const target = extendsBuiltIn ? index : entries.length;
    entries[target] = extendsBuiltIn ? { ...(entries[index] as Section), ...(entry as Section) } : entry;
    origins[target] = origin;
  });
  return { entries, origins };
}

/** The entries without the built-in default of every group for which the file names one. */
function withOneDefaultEach({ entries, origins }: MergedList, groupOf: (entry: Section) => unknown): unknown[] {
  const isOwnDefault = (entry: unknown, index: number): entry is Section =>
    isSection(entry) && entry.default === true && origins[index] !== undefined;
  const decided = new Set(entries.filter(isOwnDefault).map(groupOf));
  return entries.map((entry, index) => {
    if (!isSection(entry) || origins[index] !== undefined || !decided.has(groupOf(entry))) return entry;
    const { default: _default, ...rest } = entry;
    return rest;
  });
}
