import type { Catalogue } from '#libs/catalogue';
import type { ListKind, LiveItem } from '#libs/providers';
import type { ListedItem } from './live-list.schema.js';

/** The models or voices that the catalogue knows for a slot, each once, with everything it serves. */
export function catalogueItems(catalogue: Catalogue, slotId: string, kind: ListKind): ListedItem[] {
  const items = new Map<string, ListedItem>();
  for (const offering of catalogue.offerings) {
    const { component, slot, models, voices } = offering;
    const own =
      kind === 'models'
        ? models.filter((model) => (model.slot ?? slot) === slotId)
        : slot === slotId
          ? (voices?.known ?? []).map((id) => ({ id, name: id, default: id === voices?.default }))
          : [];
    for (const { id, name, default: isDefault = false } of own) {
      const item = items.get(id) ?? { id, name, in_catalogue: true, default: false, components: [] };
      item.default ||= isDefault;
      if (!item.components.includes(component)) item.components.push(component);
      items.set(id, item);
    }
  }
  return [...items.values()];
}

/** What the provider lists, in its order, with what the catalogue says of it; the catalogue's own where it lists nothing. */
export function joined(live: readonly LiveItem[] | undefined, known: readonly ListedItem[]): ListedItem[] {
  if (!live) return [...known];
  const byId = new Map(known.map((item) => [item.id, item]));
  return live.map(({ id, name }) => {
    const item = byId.get(id);
    if (!item) return { id, name, in_catalogue: false, default: false, components: [] };
    return { ...item, name: name === id ? item.name : name };
  });
}
