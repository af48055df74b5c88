import type { CallKeysResolved, ComponentName } from '#libs/contracts';
import type { Receipt } from '#libs/keystore';
import type { DecidedCall, DecidedKey, UndecidedComponent } from '#libs/resolution';
import type { CallRequest } from './call-request.js';

/** What a call is answered, and what is kept of it. */
export interface PreparedAnswer {
  answer: CallKeysResolved;
  receipt: Receipt;
}

type Answer = CallKeysResolved['components'][number];
type Decided = DecidedCall['components'][number];

/** Times in milliseconds; without `handles` the answer is for someone who gets the keys themselves. */
interface Terms {
  now: Date;
  handleTtlMs: number;
  liveMsMax: number;
  handles?: ReadonlyMap<ComponentName, string>;
}

export function preparedAnswer(
  { request, components }: DecidedCall<CallRequest>,
  { now, handleTtlMs, liveMsMax, handles = new Map() }: Terms,
): PreparedAnswer {
  const { callId, organizationId, announcedAt } = request;
  return {
    answer: {
      call_id: callId,
      organization_id: organizationId,
      resolved_at: now.toISOString(),
      expires_at: new Date(now.getTime() + handleTtlMs).toISOString(),
      components: components.map((component) => answerComponent(component, handles)),
    },
    receipt: {
      organizationId,
      callId,
      day: announcedAt.toISOString().slice(0, 10),
      resolvedAt: now,
      liveUntil: new Date(now.getTime() + liveMsMax),
      components: components.map(receiptComponent),
    },
  };
}

/** By component. Plaintext: for a gRPC response only. */
export function plaintextKeysOf(call: DecidedCall): Map<string, string> {
  const decided = call.components.filter((component): component is DecidedKey => 'apiKey' in component);
  return new Map(decided.map(({ need, apiKey }) => [need.component, apiKey.use((bytes) => bytes.toString('utf8'))]));
}

function answerComponent(component: Decided, handles: ReadonlyMap<ComponentName, string>): Answer {
  if ('reason' in component) return unresolvedComponent(component);
  return { ...resolvedComponent(component), handle: handles.get(component.need.component) ?? '' };
}

/** The answer without its handle, with the epoch instead. */
function receiptComponent(component: Decided): Receipt['components'][number] {
  if ('reason' in component) return unresolvedComponent(component);
  return { ...resolvedComponent(component), epoch: component.snapshot.epoch };
}

function resolvedComponent({ need, source, snapshot, fallbackReason }: DecidedKey) {
  const { component, provider, slot } = need;
  const { secretId, version } = snapshot.current;
  return {
    component,
    provider,
    slot,
    status: 'resolved' as const,
    source,
    secret_id: secretId,
    version,
    ...(fallbackReason && { fallback_reason: fallbackReason }),
    ...(source === 'inherited' && { inherited_from: snapshot.organizationId }),
  };
}

function unresolvedComponent({ need, reason }: UndecidedComponent) {
  const { component, provider } = need;
  const slot = need.kind === 'needed' ? need.slot : null;
  return { component, provider, slot, status: 'unresolved' as const, reason };
}
