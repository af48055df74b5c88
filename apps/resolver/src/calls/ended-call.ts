import type { CallEnded } from '#libs/contracts';
import type { CallEnd, EndedReceipt } from '#libs/keystore';
import { stageOf } from '../handles/call-stage.js';
import { believedTime } from './call-request.js';
import type { PreparedAnswer } from './prepared-answer.js';

type Component = PreparedAnswer['answer' | 'receipt']['components'][number];

const clockErrorMsMax = 31 * 24 * 60 * 60 * 1000;

/**
 * The end of a call as it is kept: at the time that its report names, unless that is more than a month away. What works
 * after the call has its time from the report on, however late that comes.
 */
export function callEndOf(
  { organization_id: organizationId, call_id: callId, ended_at: named }: CallEnded,
  now: Date,
  postCallMs: number,
): CallEnd {
  const endedAt = believedTime(named, now, clockErrorMsMax);
  return { organizationId, callId, endedAt, liveUntil: new Date(now.getTime() + postCallMs) };
}

/**
 * What a call that has ended is still answered: its post-call components, as long as they may be resolved. Its receipt
 * keeps what the call ran on.
 */
export function afterItsEnd<T extends PreparedAnswer>(call: T, ended: EndedReceipt): T {
  const { answer, receipt } = call;
  const isOpen = receipt.resolvedAt < ended.liveUntil;
  const stays = ({ component }: Component): boolean => isOpen && stageOf(component) === 'post_call';
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
