/** Nobody needs to be told of these. */
const implied = ['HEAD', 'OPTIONS'];

/** Which methods an address has, by the routes that are registered. */
export class RouteMethods {
  private readonly routes: { parts: string[]; methods: string[] }[] = [];

  /** `url` is the pattern of a route, such as `/byok/keys/:provider`. */
  add({ method, url }: { method: string | string[]; url: string }): void {
    const methods = [method].flat().filter((name) => !implied.includes(name));
    this.routes.push({ parts: partsOf(url), methods });
  }

  /** The methods of an address as it was asked for, which may have a query; none where nothing is. */
  of(address: string): string[] {
    const asked = partsOf(address.split('?', 1)[0]!);
    const found = this.routes.filter(({ parts }) => isFor(parts, asked));
    return [...new Set(found.flatMap(({ methods }) => methods))];
  }
}

function partsOf(path: string): string[] {
  return path.replace(/\/$/, '').split('/');
}

function isFor(parts: readonly string[], asked: readonly string[]): boolean {
  return (
    parts.length === asked.length &&
    parts.every((part, index) => (part.startsWith(':') ? asked[index] !== '' : part === asked[index]))
  );
}
