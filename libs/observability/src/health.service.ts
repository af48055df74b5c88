import { Injectable } from '@nestjs/common';
import { AppError } from '#libs/errors';
import { z } from 'zod';

const healthCheckSchema = z.object({ healthy: z.boolean(), reason: z.string().optional() });
/** What one dependency says about itself. `reason` may also explain a weakness that does not stop the work. */
export type HealthCheck = z.infer<typeof healthCheckSchema>;

/** One dependency to look at. A check that takes longer than a second counts as unhealthy. */
export interface HealthIndicator {
  name: string;
  check(): Promise<HealthCheck>;
}

/** What `GET /health/ready` answers. */
export const readinessSchema = z
  .object({
    status: z.enum(['ready', 'not_ready']),
    checks: z
      .record(z.string(), healthCheckSchema)
      .describe('By dependency.')
      .meta({ examples: [{ postgres: { healthy: true }, kek: { healthy: true } }] }),
  })
  .meta({ id: 'Readiness' });
export type Readiness = z.infer<typeof readinessSchema>;

const checkTimeoutMs = 1_000;

/** Whether this process can do its work now: asks every indicator that the modules of the process brought. */
@Injectable()
export class HealthService {
  private readonly indicators: HealthIndicator[] = [];
  private inFlight: Promise<Readiness> | undefined;

  /** Indicators add up; of several with one name, the unhealthy one is shown. */
  add(indicators: readonly HealthIndicator[]): void {
    this.indicators.push(...indicators);
  }

  /** Ready when every indicator is healthy. Never rejects, answers in about a second at most; askers share a look. */
  readiness(): Promise<Readiness> {
    this.inFlight ??= this.look().finally(() => (this.inFlight = undefined));
    return this.inFlight;
  }

  private async look(): Promise<Readiness> {
    const results = await Promise.all(
      this.indicators.map(async (indicator) => [indicator.name, await boundedCheck(indicator)] as const),
    );
    const checks: Record<string, HealthCheck> = {};
    for (const [name, check] of results) if (checks[name]?.healthy !== false) checks[name] = check;
    const ready = Object.values(checks).every((check) => check.healthy);
    return { status: ready ? 'ready' : 'not_ready', checks };
  }
}

async function boundedCheck(indicator: HealthIndicator): Promise<HealthCheck> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<HealthCheck>((resolve) => {
    timer = setTimeout(() => resolve({ healthy: false, reason: 'no answer within 1 s' }), checkTimeoutMs);
  });
  try {
    return await Promise.race([indicator.check(), timeout]);
  } catch (error) {
    return { healthy: false, reason: error instanceof AppError ? error.message : 'the check failed' };
  } finally {
    clearTimeout(timer);
  }
}
