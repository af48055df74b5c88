import { SlotSnapshotStore, type SlotQuestion, type SlotSnapshot } from '#libs/keystore';
import type { DataSource } from 'typeorm';

/** Planted bug: what the primary said of a slot is believed for `ttlMs`. */
export class CachedSnapshots extends SlotSnapshotStore {
  private readonly answers = new Map<string, { snapshot: SlotSnapshot | undefined; until: number }>();

  constructor(
    dataSource: DataSource,
    private readonly ttlMs: number,
  ) {
    super(dataSource);
  }

  override async read(questions: readonly SlotQuestion[]): Promise<(SlotSnapshot | undefined)[]> {
    const now = performance.now();
    const unknown = questions.filter((question) => (this.answers.get(keyOf(question))?.until ?? 0) < now);
    const read = unknown.length > 0 ? await super.read(unknown) : [];
    const until = performance.now() + this.ttlMs;
    unknown.forEach((question, index) => this.answers.set(keyOf(question), { snapshot: read[index], until }));
    return questions.map((question) => this.answers.get(keyOf(question))?.snapshot);
  }
}

function keyOf({ organizationId, provider, heldVersion }: SlotQuestion): string {
  return `${organizationId}/${provider}/${heldVersion ?? ''}`;
}
