import { modelsOnSlot, type Catalogue, type Offering } from '#libs/catalogue';
import { componentNames, type ComponentName } from '#libs/contracts';
import type { ListKind, LiveItem } from '#libs/providers';
import type { ListedItem } from './live-list.schema.js';

/** The models or voices that the catalogue knows for a slot, each once, with everything it serves. */
export function catalogueItems(catalogue: Catalogue, slotId: string, kind: ListKind): ListedItem[] {
  const items = new Map<string, ListedItem>();
  const openComponents = openComponentsOf(catalogue, slotId, kind);
  for (const offering of catalogue.offerings) {
    const { component, provider } = offering;
    for (const { id, name, isDefault } of itemsIn(offering, slotId, kind)) {
      const item = items.get(id) ?? unknownItem({ id, name }, openComponents);
      items.set(id, {
        ...item,
        in_catalogue: true,
        default: item.default || isDefault,
        default_for: isDefault ? [...item.default_for, { component, provider }] : item.default_for,
        components: componentNames.filter((one) => one === component || item.components.includes(one)),
      });
    }
  }
  return [...items.values()];
}

/** The components of a slot that take any voice, whether the catalogue knows it or not. */
export function openComponentsOf({ offerings }: Catalogue, slotId: string, kind: ListKind): ComponentName[] {
  const open = offerings.filter(({ slot, voices }) => kind === 'voices' && slot === slotId && voices?.free_text);
  return componentNames.filter((name) => open.some(({ component }) => component === name));
}

/**
 * What the provider lists, in its order, with what the catalogue says of it; the catalogue's own where it lists nothing.
 * What the catalogue does not know serves `openComponents`.
 */
export function joined(
  live: readonly LiveItem[] | undefined,
  known: readonly ListedItem[],
  openComponents: readonly ComponentName[],
): ListedItem[] {
  if (!live) return [...known];
  const byId = new Map(known.map((item) => [item.id, item]));
  return live.map((listed) => {
    const { id, name } = listed;
    const item = byId.get(id);
    if (!item) return unknownItem(listed, openComponents);
    return { ...item, name: name === id ? item.name : name };
  });
}

function unknownItem({ id, name }: LiveItem, openComponents: readonly ComponentName[]): ListedItem {
  const components = [...openComponents];
  return { id, name, in_catalogue: components.length > 0, default: false, default_for: [], components };
}

function itemsIn(
  offering: Offering,
  slotId: string,
  kind: ListKind,
): { id: string; name: string; isDefault: boolean }[] {
  if (kind === 'models') {
    return modelsOnSlot(offering, slotId).map(({ id, name, default: isDefault = false }) => ({ id, name, isDefault }));
  }
  const { slot, voices } = offering;
  const known = slot === slotId ? (voices?.known ?? []) : [];
  return known.map((id) => ({ id, name: id, isDefault: id === voices?.default }));
}
