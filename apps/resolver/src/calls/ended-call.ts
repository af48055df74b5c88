import { postCallComponents, type CallKeysResolved } from '#libs/contracts';
import type { EndedReceipt, Receipt } from '#libs/keystore';

/** What a call is answered, and what is kept of it. */
export interface PreparedAnswer {
  answer: CallKeysResolved;
  receipt: Receipt;
}

type Component = PreparedAnswer['answer' | 'receipt']['components'][number];

/**
 * What a call that has ended is still answered: its post-call components, as long as they may be resolved. Its receipt
 * keeps what the call ran on.
 */
export function afterItsEnd<T extends PreparedAnswer>(call: T, ended: EndedReceipt): T {
  const { answer, receipt } = call;
  const isOpen = receipt.resolvedAt < ended.liveUntil;
  const stays = ({ component }: Component): boolean => isOpen && postCallComponents.includes(component);
  const recorded = new Map(ended.components.map((component) => [component.component, component]));
  for (const component of receipt.components) {
    if (stays(component)) recorded.set(component.component, component);
    else if (!recorded.has(component.component)) recorded.set(component.component, overFor(component));
  }
  const components = answer.components.map((component) => (stays(component) ? component : overFor(component)));
  const amended = { ...receipt, day: ended.day, components: [...recorded.values()] };
  return { ...call, answer: { ...answer, components }, receipt: amended };
}

function overFor<T extends Component>({ component, provider, slot }: T) {
  return {
    component: component as T['component'],
    provider,
    slot,
    status: 'unresolved' as const,
    reason: 'call_ended' as const,
  };
}
