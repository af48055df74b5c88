/** What the fake may be told to make of a key. */
export const keyStates = [
  'valid',
  'limited',
  'invalid',
  'blocked',
  'out_of_credit',
  'rate_limited',
  'slow',
  'broken_json',
  'redirect',
  'huge',
] as const;
export type KeyState = (typeof keyStates)[number];

/** `rate_limited` before `limited`, which is part of it. */
const byLength = [...keyStates].sort((a, b) => b.length - a.length);

/** The state that a key names between dashes or underscores, as in `sk-limited-1`; other keys are valid. */
export function stateNamedIn(apiKey: string): KeyState {
  const words = `_${apiKey.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_')}_`;
  return byLength.find((state) => words.includes(`_${state}_`)) ?? 'valid';
}
