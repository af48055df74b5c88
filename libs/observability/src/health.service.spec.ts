import { describe, expect, it } from '@jest/globals';
import { AppError } from '#libs/errors';
import { HealthService } from './health.service.js';

const good = { name: 'postgres', check: async () => ({ healthy: true }) };

describe('readiness', () => {
  it('is given when every indicator is healthy, and a weakness may be told all the same', async () => {
    const health = new HealthService();
    health.add([good, { name: 'bus', check: async () => ({ healthy: true, reason: 'behind' }) }]);
    expect(await health.readiness()).toEqual({
      status: 'ready',
      checks: { postgres: { healthy: true }, bus: { healthy: true, reason: 'behind' } },
    });
  });

  it('is refused within about a second when an indicator is sick, throws or never answers', async () => {
    const health = new HealthService();
    const refusal = new AppError('unavailable', 'x', { message: 'The database cannot be reached.' });
    health.add([
      good,
      { name: 'sick', check: async () => ({ healthy: false, reason: 'ill' }) },
      { name: 'known', check: () => Promise.reject(refusal) },
      { name: 'unknown', check: () => Promise.reject(new Error('password=hunter2')) },
      { name: 'slow', check: () => new Promise(() => undefined) },
    ]);
    const startedAt = Date.now();
    expect(await health.readiness()).toEqual({
      status: 'not_ready',
      checks: {
        postgres: { healthy: true },
        sick: { healthy: false, reason: 'ill' },
        known: { healthy: false, reason: 'The database cannot be reached.' },
        unknown: { healthy: false, reason: 'the check failed' },
        slow: { healthy: false, reason: 'no answer within 1 s' },
      },
    });
    expect(Date.now() - startedAt).toBeLessThan(1_500);
  });

  it('of several indicators with one name shows the sick one, and many askers cause one look', async () => {
    const health = new HealthService();
    let looks = 0;
    const sick = { name: 'postgres', check: async () => (looks++, { healthy: false, reason: 'away' }) };
    health.add([good]);
    health.add([sick]);
    health.add([good]);
    const answers = await Promise.all([health.readiness(), health.readiness(), health.readiness()]);
    for (const { checks } of answers) expect(checks['postgres']).toEqual({ healthy: false, reason: 'away' });
    expect(looks).toBe(1);
  });
});
