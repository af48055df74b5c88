import type { EpochClaim } from '#libs/keystore';
import { EpochGuard } from '#libs/keystore';
import { topics, keyChangedSchema } from '#libs/contracts';
import type { EventBus } from '#libs/messaging';
import { Redis } from 'ioredis';

/** Planted bug: the epoch check is left out. */
export class NoCheckGuard extends EpochGuard {
  override check(claims: readonly EpochClaim[]): Promise<boolean[]> {
    return Promise.resolve(claims.map(() => true));
  }
}

/** Planted bug: the primary's answer is believed for `ttlMs`. */
export class CachedGuard extends EpochGuard {
  private readonly answers = new Map<string, { accepted: boolean; until: number }>();

  constructor(
    private readonly primary: EpochGuard,
    private readonly ttlMs: number,
  ) {
    super();
  }

  override async check(claims: readonly EpochClaim[]): Promise<boolean[]> {
    const now = performance.now();
    const unknown = claims.filter((claim) => (this.answers.get(keyOf(claim))?.until ?? 0) < now);
    if (unknown.length > 0) {
      const accepted = await this.primary.check(unknown);
      unknown.forEach((claim, index) =>
        this.answers.set(keyOf(claim), { accepted: accepted[index] ?? false, until: performance.now() + this.ttlMs }),
      );
    }
    return claims.map((claim) => this.answers.get(keyOf(claim))?.accepted ?? false);
  }
}

/** Planted bug: Redis alone decides, told of changes by `byok.key.changed.v1`. */
export class RedisAloneGuard extends EpochGuard {
  private readonly redis: Redis;

  constructor(
    redisUrl: string,
    private readonly keyPrefix: string,
  ) {
    super();
    this.redis = new Redis(redisUrl);
  }

  /** Takes every change to Redis as soon as its event arrives. */
  async follow(bus: EventBus, group: string): Promise<void> {
    await bus.subscribe({
      topics: [topics.byokKeyChanged],
      group,
      onSlice: async (slice) => {
        for (const event of slice) {
          const change = keyChangedSchema.parse(JSON.parse(event.value?.toString() ?? 'null'));
          await this.redis.set(this.entryOf(change.organization_id, change.provider), change.epoch);
        }
      },
    });
  }

  override async check(claims: readonly EpochClaim[]): Promise<boolean[]> {
    const epochs = await this.redis.mget(claims.map((claim) => this.entryOf(claim.organizationId, claim.provider)));
    return claims.map((claim, index) => claim.epoch >= Number(epochs[index] ?? 0));
  }

  private entryOf(organizationId: string, provider: string): string {
    return `${this.keyPrefix}${organizationId}/${provider}`;
  }
}

function keyOf({ organizationId, provider, version, epoch }: EpochClaim): string {
  return `${organizationId}/${provider}/${version}/${epoch}`;
}
