import { z } from 'zod';

/** Something wrong with a catalogue, by where it is. */
export interface CatalogueProblem {
  path: readonly PropertyKey[];
  message: string;
  /** What it collides with; said after the message. */
  rival?: readonly PropertyKey[];
}

/** A path as people write it, such as `offerings[0].models[1].slot`. */
export function pathText(path: readonly PropertyKey[]): string {
  return z.core.toDotPath(path) || '(top)';
}

/** One problem per thing that Zod found; fields that nobody knows are named one by one. */
export function shapeProblems(error: z.ZodError): CatalogueProblem[] {
  return error.issues.flatMap((issue): CatalogueProblem[] =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ path: [...issue.path, key], message: 'is not a known field' }))
      : [{ path: issue.path, message: issue.message }],
  );
}
