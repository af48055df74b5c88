import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { projectRoot } from './stack-directory.js';
import { stackError } from './stack-error.js';

const run = promisify(execFile);
const candidates = [['docker', 'compose'], ['docker-compose']] as const;

/** How Docker Compose is called on this machine; undefined when it is not there. It needs no Docker daemon. */
export async function findCompose(): Promise<readonly string[] | undefined> {
  for (const command of candidates) {
    const [program, ...words] = command;
    const works = await run(program, [...words, 'version']).then(
      () => true,
      () => false,
    );
    if (works) return command;
  }
  return undefined;
}

/** Lets Docker Compose judge docker-compose.yml; throws AppError with its words when it refuses. */
export async function checkComposeConfig([program, ...words]: readonly string[]): Promise<void> {
  try {
    await run(program!, [...words, 'config', '--quiet'], { cwd: projectRoot });
  } catch (cause) {
    const said = (cause as { stderr?: string }).stderr?.trim() || String(cause);
    throw stackError('compose_file_refused', `Docker Compose refuses docker-compose.yml: ${said}`, cause);
  }
}
