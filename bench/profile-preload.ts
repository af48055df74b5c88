// Loaded into the resolver ahead of everything else (node --import) to profile it: SIGVTALRM begins a CPU profile, the
// next SIGVTALRM writes it to BENCH_PROFILE_FILE.
import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';

const file = process.env.BENCH_PROFILE_FILE ?? 'resolver.cpuprofile';
const session = new Session();
let running = false;

session.connect();
process.on('SIGVTALRM', () => void toggle());

async function toggle(): Promise<void> {
  running = !running;
  if (running) {
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval: 500 });
    await session.post('Profiler.start');
    return;
  }
  const { profile } = await session.post('Profiler.stop');
  writeFileSync(file, JSON.stringify(profile));
}
