import type { Operation } from '#libs/openapi';

/** Stands in a page for the place where whoever reads it has reached us. */
export const originMark = 'http://origin.invalid';

/** A command that calls a route at `originMark`; it works when `$TOKEN` is set and the example values are replaced. */
export function curlOf(method: string, path: string, { parameters, requestBody, security }: Operation): string {
  const examples = parameters.flatMap((one) => ('name' in one && one.in === 'path' ? [[one.name, one.example]] : []));
  const filled = examples.reduce((text, [name, example]) => text.replace(`{${String(name)}}`, String(example)), path);
  const body = requestBody?.content['application/json']?.example;
  return [
    `curl${method === 'get' ? '' : ` -X ${method.toUpperCase()}`} ${originMark}${filled}`,
    ...(security.length > 0 ? ['-H "authorization: Bearer $TOKEN"'] : []),
    ...(body === undefined ? [] : ["-H 'content-type: application/json'", `-d '${JSON.stringify(body)}'`]),
  ].join(' \\\n  ');
}
