/** One value for each slot: by organization, then provider, so that no look-up has to build a joined key. */
export class SlotMap<T> {
  private readonly byOrganization = new Map<string, Map<string, T>>();

  get(organizationId: string, provider: string): T | undefined {
    return this.byOrganization.get(organizationId)?.get(provider);
  }

  set(organizationId: string, provider: string, value: T): void {
    const byProvider = this.byOrganization.get(organizationId);
    if (byProvider) byProvider.set(provider, value);
    else this.byOrganization.set(organizationId, new Map([[provider, value]]));
  }

  values(): T[] {
    return [...this.byOrganization.values()].flatMap((byProvider) => [...byProvider.values()]);
  }
}
