import { postCallComponents } from '#libs/contracts';

/** When the handles of a call end: with the call, or later, since what works after a call needs its keys then. */
export const callStages = ['call', 'post_call'] as const;
export type CallStage = (typeof callStages)[number];

/** The stage in which a component works. */
export function stageOf(component: string): CallStage {
  return postCallComponents.includes(component) ? 'post_call' : 'call';
}
