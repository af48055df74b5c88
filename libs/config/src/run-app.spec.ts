import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { AppError } from '#libs/errors';
import { z } from 'zod';
import { runApp, untilAvailable, type RunnableApp, type RunningApp } from './run-app.js';

const unavailable = (): AppError => new AppError('unavailable', 'database_unavailable', { message: 'not yet' });

describe('untilAvailable', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  /** Runs work that fails with these errors, one after the other, before it succeeds. */
  async function run(errors: Error[]): Promise<{ outcome: unknown; waits: string[]; tookMs: number }> {
    const started = Date.now();
    const waits: string[] = [];
    let outcome: unknown;
    const work = async (): Promise<string> => {
      const error = errors.shift();
      if (error) throw error;
      return 'done';
    };
    const running = untilAvailable(work, (error) => waits.push(error.message)).then(
      (result) => (outcome = result),
      (error: unknown) => (outcome = error),
    );
    while (outcome === undefined && Date.now() < started + 120_000) await jest.advanceTimersByTimeAsync(50);
    await running;
    return { outcome, waits, tookMs: Date.now() - started };
  }

  it('what succeeds at once is not waited for', async () => {
    expect(await run([])).toMatchObject({ outcome: 'done', waits: [] });
  });

  it('what is unavailable is tried again, less and less often, and each wait is told', async () => {
    const { outcome, waits, tookMs } = await run(Array.from({ length: 5 }, unavailable));
    expect(outcome).toBe('done');
    expect(waits).toEqual(Array.from({ length: 5 }, () => 'not yet'));
    expect(tookMs).toBeGreaterThanOrEqual(250 + 500 + 1_000 + 2_000 + 4_000);
    expect(tookMs).toBeLessThan(9_000);
  });

  it('after half a minute its last error is the outcome', async () => {
    const { outcome, tookMs } = await run(Array.from({ length: 1_000 }, unavailable));
    expect(outcome).toMatchObject({ code: 'database_unavailable' });
    expect(tookMs).toBeLessThanOrEqual(30_000);
    expect(tookMs).toBeGreaterThan(20_000);
  });

  it.each([new Error('a bug'), new AppError('invalid', 'wrong'), new AppError('internal', 'database_error')])(
    'what time does not mend is not tried again: %s',
    async (error) => {
      const { outcome, waits } = await run([error]);
      expect(outcome).toBe(error);
      expect(waits).toEqual([]);
    },
  );
});

describe('runApp', () => {
  afterEach(() => void jest.restoreAllMocks());

  /** What an app prints whose start fails with this, and the exit code it ends with. */
  async function failToStart(error: unknown, args: string[] = []): Promise<{ printed: string; code: unknown }> {
    let printed = '';
    jest.spyOn(process, 'on').mockReturnThis();
    jest.spyOn(process.stderr, 'write').mockImplementation((text) => Boolean((printed += String(text))));
    const exit = jest.spyOn(process, 'exit').mockReturnValue(undefined as never);
    const start = async (): Promise<never> => {
      throw error;
    };
    await runApp({ name: 'spec', about: 'fails', schema: z.object({}), start, flags: { '--known': '' } }, args);
    return { printed, code: exit.mock.calls[0]?.[0] };
  }

  it.each([
    Object.assign(new Error('listen EADDRINUSE: address already in use 127.0.0.1:8080'), { code: 'EADDRINUSE' }),
    new Error('No address added out of total 1 resolved errors: [listen EADDRINUSE: address already in use :::8080]'),
  ])('a taken port is one sentence that names it: %s', async (error) => {
    const { printed, code } = await failToStart(error);
    expect(printed).toMatch(/^spec: cannot start\. Port 8080 is taken: [^\n]+\n$/);
    expect(code).toBe(1);
  });

  it('an error that was foreseen is its own sentence, without a stack', async () => {
    const { printed, code } = await failToStart(
      new AppError('conflict', 'in_use', { message: 'The folder is in use.' }),
    );
    expect(printed).toBe('spec: cannot start. The folder is in use.\n');
    expect(code).toBe(1);
  });

  it('an argument that is not known is one sentence that names those that are, and nothing is started', async () => {
    const { printed, code } = await failToStart(new Error('it was started'), ['node', 'main.js', '--knwon']);
    expect(printed).toBe(
      'spec: cannot start. Nothing here is called --knwon; known: --known, --help. Settings are environment variables.\n',
    );
    expect(code).toBe(1);
  });

  it('the flags that are given reach the app', async () => {
    const starts: string[][] = [];
    const start = async (_: object, given: ReadonlySet<string>): Promise<never> => {
      starts.push([...given]);
      throw new AppError('conflict', 'in_use');
    };
    jest.spyOn(process, 'on').mockReturnThis();
    jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    jest.spyOn(process, 'exit').mockReturnValue(undefined as never);
    const app = { name: 'spec', about: 'fails', schema: z.object({}), start, flags: { '--known': '' } };
    await runApp(app, ['node', 'main.js', '--known']);
    await runApp(app, ['node', 'main.js']);
    expect(starts).toEqual([['--known'], []]);
  });

  it('an error that nobody foresaw is shown with its stack', async () => {
    const { printed, code } = await failToStart(new TypeError('a bug'));
    expect(printed).toContain('TypeError: a bug\n    at ');
    expect(code).toBe(1);
  });
});

describe('an app and signals', () => {
  afterEach(() => {
    jest.restoreAllMocks();
    jest.useRealTimers();
  });

  /** Runs an app; `events` is what happened to it, in order. */
  function run(more: Partial<RunnableApp<z.ZodObject>> = {}): {
    events: string[];
    serve: () => void;
    send: (signal: NodeJS.Signals) => void;
  } {
    const events: string[] = [];
    const listeners = new Map<string | symbol, (signal: NodeJS.Signals) => void>();
    jest
      .spyOn(process, 'on')
      .mockImplementation((name: string | symbol, listener: (signal: NodeJS.Signals) => void) => {
        listeners.set(name, listener);
        return process;
      });
    jest.spyOn(process, 'exit').mockImplementation((code) => void events.push(`exit ${code}`) as never);
    jest.spyOn(process.stdout, 'write').mockImplementation((text) => Boolean(text && events.push(String(text))));
    let serve = (): void => undefined;
    const serving = new Promise<void>((resolve) => (serve = resolve));
    const stop = async (signal: NodeJS.Signals): Promise<void> => void events.push(`stopped by ${signal}`);
    const start = (): Promise<RunningApp> => serving.then(() => ({ stop, welcome: 'welcome' }));
    // Its deadline must not come while other specs run in this process.
    const app = { name: 'spec', about: 'runs', schema: z.object({}), start, stopTimeoutMs: 2 ** 31 - 1 };
    void runApp({ ...app, ...more }, []);
    return { events, serve, send: (signal) => listeners.get(signal)?.(signal) };
  }
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('%s stops an app that serves', async (signal) => {
    const { events, serve, send } = run();
    serve();
    await settled();
    send(signal);
    await settled();
    expect(events).toEqual(['welcome', `stopped by ${signal}`, 'exit 0']);
  });

  it('one that is starting is ended at once', () => {
    const { events, send } = run();
    send('SIGTERM');
    expect(events).toEqual(['exit 130']);
  });

  it('one that something of would outlive is stopped when it has started, and bids no welcome', async () => {
    const { events, serve, send } = run({ outlived: true });
    send('SIGINT');
    await settled();
    expect(events).toEqual([]);
    serve();
    await settled();
    expect(events).toEqual(['stopped by SIGINT', 'exit 0']);
  });

  it('the second within a second changes nothing, a later one ends it at once', async () => {
    const clock = jest.spyOn(performance, 'now').mockReturnValue(5_000);
    const { events, send } = run({ outlived: true });
    send('SIGINT');
    clock.mockReturnValue(5_900);
    send('SIGINT');
    await settled();
    expect(events).toEqual([]);
    clock.mockReturnValue(6_100);
    send('SIGINT');
    expect(events).toEqual(['exit 130']);
  });
});
