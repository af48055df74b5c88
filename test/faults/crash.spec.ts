import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { allResolved, newCall, type AnnouncedCall } from './call-ledger.js';
import { FaultScene } from './fault-scene.js';
import { until } from './until.js';

/** Nobody listens there. */
const noBroker = '127.0.0.1:1';

describe('processes that end in the middle of their work', () => {
  let scene: FaultScene;

  beforeAll(async () => {
    scene = await FaultScene.start({ resolvers: 2 });
  }, 60_000);
  afterAll(() => scene?.stop(), 30_000);

  let load: Load;
  afterEach(() => load?.stop());

  const loadIsOn = async (): Promise<void> => {
    load = new Load(scene);
    await until('the load is on', () => load.answeredCount() > 300);
  };
  /** Slows PostgreSQL down, so that resolvers have calls in hand for longer than they wait between two commits. */
  const workPilesUp = async (): Promise<void> => {
    scene.proxies.resolverPostgres.delay(400);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
  };
  const expectAllAnsweredWithOneReceiptEach = async (calls: AnnouncedCall[]): Promise<void> => {
    expect(await scene.ledger.settle(calls, 40_000)).toEqual(allResolved(calls.length));
    const rows = await scene.query(`SELECT FROM receipt WHERE call_id = ANY ($1)`, [calls.map(({ callId }) => callId)]);
    expect(rows).toHaveLength(calls.length);
  };

  it('a resolver that is killed leaves nothing unanswered: the other one takes its partitions over', async () => {
    await loadIsOn();
    await workPilesUp();
    await scene.deployment.resolvers[0]!.app.stop('SIGKILL');
    await scene.proxies.resolverPostgres.restore();
    const answeredThen = load.answeredCount();
    await until('calls are answered after it', () => load.answeredCount() > answeredThen + 300);
    await load.stop();
    await expectAllAnsweredWithOneReceiptEach(load.calls);
  }, 60_000);

  it('a resolver that is told to stop finishes what it has in hand, exits with 0 within 10 s and leaves nothing behind', async () => {
    const { app } = await scene.addResolver();
    await loadIsOn();
    const toldAt = performance.now();
    expect(await app.stop('SIGTERM')).toBe(0);
    expect(performance.now() - toldAt).toBeLessThan(10_000);
    await load.stop();
    await expectAllAnsweredWithOneReceiptEach(load.calls);
  }, 60_000);

  it('the last resolver killed and a new one started: what was announced meanwhile is answered too', async () => {
    await loadIsOn();
    await workPilesUp();
    await Promise.all(scene.deployment.resolvers.map(({ app }) => app.stop('SIGKILL')));
    await load.stop();
    expect(load.answeredCount()).toBeLessThan(load.calls.length);
    await scene.proxies.resolverPostgres.restore();
    await scene.addResolver();
    await expectAllAnsweredWithOneReceiptEach(load.calls);
  }, 60_000);

  it('changes that a config-api answered and did not live to publish are published by another one', async () => {
    const { configApis } = scene.deployment;
    await configApis[0]!.app.stop();
    const dying = await scene.deployment.addConfigApi({ KAFKA_BROKERS: noBroker });
    const rotate = async (version: number): Promise<void> => {
      const body = { api_key: scene.keyOf('openai', version) };
      const answer = await scene.tenant.api
        .at(dying.url)
        .post<{ epoch: number }>('/api/v1/byok/keys/openai/rotate', body);
      expect(answer).toMatchObject({ status: 200, body: { epoch: version } });
    };
    await rotate(2);
    await until('it has tried in vain', () => dying.app.output.includes('the broker does not acknowledge events'));
    await rotate(3);
    await dying.app.stop('SIGKILL');
    expect(await scene.query(`SELECT FROM outbox WHERE published_at IS NULL`)).toHaveLength(2);
    await scene.deployment.addConfigApi();
    const published = () =>
      scene.ledger.keyChanges.flatMap(({ key, value }) =>
        key === `${scene.tenant.id}/openai` ? [(JSON.parse(String(value)) as { epoch: number }).epoch] : [],
      );
    await until('the changes are published', () => published().includes(3));
    expect(published()).toEqual([1, 2, 3]);
  }, 60_000);
});

/** Announces about a thousand calls a second until it is stopped. */
class Load {
  readonly calls: AnnouncedCall[] = [];
  private stopped = false;
  private readonly announcing: Promise<void>;

  constructor(private readonly scene: FaultScene) {
    this.announcing = this.announce();
  }

  /** How many of the calls have an answer. */
  answeredCount(): number {
    return this.scene.ledger.tally(this.calls).resolved;
  }

  stop(): Promise<void> {
    this.stopped = true;
    return this.announcing;
  }

  private async announce(): Promise<void> {
    while (!this.stopped) {
      const calls = Array.from({ length: 50 }, () => newCall(this.scene.tenant.id));
      await this.scene.ledger.start(calls);
      this.calls.push(...calls);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
