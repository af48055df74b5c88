/** One value for each slot: by organization, then provider, so that no look-up has to build a joined key. */
export class SlotMap<T> {
  private readonly byOrganization = new Map<string, Map<string, T>>();
  private count = 0;

  get size(): number {
    return this.count;
  }

  get(organizationId: string, provider: string): T | undefined {
    return this.byOrganization.get(organizationId)?.get(provider);
  }

  set(organizationId: string, provider: string, value: T): void {
    let byProvider = this.byOrganization.get(organizationId);
    if (!byProvider) this.byOrganization.set(organizationId, (byProvider = new Map()));
    if (!byProvider.has(provider)) this.count += 1;
    byProvider.set(provider, value);
  }

  values(): T[] {
    return [...this.byOrganization.values()].flatMap((byProvider) => [...byProvider.values()]);
  }
}
