import { Injectable } from '@nestjs/common';
import { AppError } from '#libs/errors';

/** What one dependency says about itself. `reason` may also explain a weakness that does not stop the work. */
export interface HealthCheck {
  healthy: boolean;
  reason?: string;
}

/** One dependency to look at. A check that takes longer than a second counts as unhealthy. */
export interface HealthIndicator {
  name: string;
  check(): Promise<HealthCheck>;
}

export interface Readiness {
  status: 'ready' | 'not_ready';
  checks: Record<string, HealthCheck>;
}

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
