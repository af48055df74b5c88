import { FakeProviderServer } from '#apps/fake-provider';
import { DemoStandalone } from './demo-standalone.js';
import { NotAsClaimed, Story } from './story.js';
import { Walk } from './walk.js';

const story = new Story();
process.exitCode = await demo();

/** The whole demo; its exit code. */
async function demo(): Promise<number> {
  story.step('Start Latchkey: PostgreSQL from npm, event bus and handle store in the process');
  const providers = await FakeProviderServer.start({ unknownKeys: 'invalid' });
  let standalone: DemoStandalone | undefined;
  const interrupted = interruption();
  try {
    standalone = await DemoStandalone.launch(providers.url);
    await Promise.race([standalone.untilReady(), interrupted]);
    story.say(`serving on ${standalone.url}`);
    await Promise.race([new Walk(story, standalone, providers).run(), interrupted]);
    story.step('Stop');
    const code = await standalone.stop();
    standalone = undefined;
    story.proves('it drained and ended by itself (exit code 0)', code === 0);
    story.end();
    return 0;
  } catch (error) {
    process.stderr.write(`\nThe demo stopped: ${error instanceof Error ? error.message : String(error)}\n`);
    if (!(error instanceof NotAsClaimed) && standalone) process.stderr.write(`${standalone.output.slice(-4_000)}\n`);
    return 1;
  } finally {
    await standalone?.stop();
    await providers.close();
  }
}

/** Rejects on the first signal; whatever runs then is stopped in order, and further signals change nothing. */
function interruption(): Promise<never> {
  const interrupted = new Promise<never>((_resolve, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => reject(new NotAsClaimed('the demo ran to its end (it was interrupted)')));
    }
  });
  // It may come before anything waits for it.
  interrupted.catch(() => undefined);
  return interrupted;
}
