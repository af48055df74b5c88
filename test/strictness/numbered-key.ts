/** An API key that says which version it is. */
export function keyOf(provider: string, version: number): string {
  return `sk-strict-${provider}-${version}`;
}

export function versionOf(apiKey: string): number {
  return Number(apiKey.split('-').at(-1));
}
