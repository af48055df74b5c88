/** How many objects and lists may stand inside each other in what is sent to us: far more than anything of ours needs. */
export const jsonDepthMax = 64;

/**
 * Whether more than `depthMax` objects and lists of a JSON value stand inside each other. Whoever walks or writes down a
 * value that is not, needs no more stack than that.
 */
export function isNestedTooDeeply(value: unknown, depthMax = jsonDepthMax): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (depthMax === 0) return true;
  for (const inner of Array.isArray(value) ? (value as unknown[]) : Object.values(value)) {
    if (isNestedTooDeeply(inner, depthMax - 1)) return true;
  }
  return false;
}
