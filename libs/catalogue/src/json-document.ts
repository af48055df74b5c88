import {
  findNodeAtLocation,
  getNodeValue,
  parseTree,
  printParseErrorCode,
  type Node,
  type ParseError,
} from 'jsonc-parser';

/** Something wrong with the text itself; `at` is `line:column`, both from 1. */
export interface JsonProblem {
  at: string;
  message: string;
}

/** Strict JSON that knows where in the text its parts stand. */
export class JsonDocument {
  private constructor(
    private readonly text: string,
    private readonly root: Node | undefined,
    /** Where the text is not JSON (the first place only), or names a field of an object twice. */
    readonly problems: readonly JsonProblem[],
    /** What the text holds; undefined when there are problems. */
    readonly value: unknown,
  ) {}

  static parse(text: string): JsonDocument {
    const errors: ParseError[] = [];
    const root = parseTree(text, errors, { disallowComments: true });
    const [error] = errors;
    const problems = error
      ? [{ at: position(text, error.offset), message: `is not JSON (${wordsOf(error)})` }]
      : repeatedNames(text, root);
    return new JsonDocument(text, root, problems, root && problems.length === 0 ? getNodeValue(root) : undefined);
  }

  /** `line:column` of what stands at the path, or of the innermost part around it that is there. */
  positionOf(path: readonly PropertyKey[]): string {
    for (let length = path.length; this.root && length > 0; length--) {
      const node = findNodeAtLocation(this.root, path.slice(0, length) as (string | number)[]);
      if (node) return position(this.text, node.offset);
    }
    return position(this.text, this.root?.offset ?? 0);
  }
}

/** `CommaExpected` as `comma expected`. */
function wordsOf({ error }: ParseError): string {
  return printParseErrorCode(error)
    .replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
    .trim();
}

/** Of a field that is given twice only one would count, and nobody would know which. */
function repeatedNames(text: string, node: Node | undefined): JsonProblem[] {
  const children = node?.children ?? [];
  const seen = new Set<unknown>();
  const own = (node?.type === 'object' ? children : []).flatMap((property): JsonProblem[] => {
    const name: unknown = property.children?.[0]?.value;
    if (!seen.has(name)) return (seen.add(name), []);
    return [{ at: position(text, property.offset), message: `"${String(name)}" is given twice` }];
  });
  return [...own, ...children.flatMap((child) => repeatedNames(text, child))];
}

function position(text: string, offset: number): string {
  const before = text.slice(0, offset);
  return `${before.split('\n').length}:${offset - before.lastIndexOf('\n')}`;
}
