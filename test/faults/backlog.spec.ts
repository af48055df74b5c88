import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { allResolved, newCall } from './call-ledger.js';
import { FaultScene } from './fault-scene.js';

const callCount = 6_000;
/** What the broker takes in one request. */
const brokerBytesMax = 1024 * 1024;
const everything = {
  stt_config: { provider: 'deepgram', model: 'nova-3' },
  llm_config: { provider: 'openai', model: 'gpt-5.4' },
  tts_config: { provider: 'elevenlabs', model: 'eleven_flash_v2_5', voice_id: 'v' },
  analysis_plan: { enabled: true, email_recipients: ['someone@example.com'] },
};

describe('a long backlog', () => {
  let scene: FaultScene;

  beforeAll(async () => {
    scene = await FaultScene.start({ resolvers: 0, partitions: 1 });
  }, 60_000);
  afterAll(() => scene?.stop(), 30_000);

  it('on one partition, whose answers are many times larger than what the broker takes, is answered call by call', async () => {
    const calls = Array.from({ length: callCount }, () => newCall(scene.tenant.id, everything));
    await scene.ledger.start(calls);
    await scene.addResolver();
    expect(await scene.ledger.settle(calls, 60_000)).toEqual(allResolved(callCount));

    const answers = calls.map((call) => scene.ledger.answersTo(call));
    const answerBytes = answers.reduce((sum, [answer]) => sum + JSON.stringify(answer).length, 0);
    expect(answerBytes).toBeGreaterThan(5 * brokerBytesMax);
    expect(answers.filter(({ length }) => length !== 1)).toEqual([]);
    const [counted] = await scene.query<{ receipts: string }>(
      `SELECT count(*) AS receipts FROM receipt WHERE organization_id = $1 AND jsonb_array_length(components) = 5`,
      [scene.tenant.id],
    );
    expect(counted).toEqual({ receipts: String(callCount) });
  }, 120_000);
});
