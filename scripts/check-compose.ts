import { join } from 'node:path';
import { AppError } from '#libs/errors';
import { checkComposeConfig, findCompose } from './stack/compose-config.js';
import { ensurePrograms } from './stack/programs.js';
import { projectRoot, StackDirectory } from './stack/stack-directory.js';

/** Runs `docker compose config` on docker-compose.yml, with Docker Compose from apt where it is missing and we are root. */
async function main(): Promise<void> {
  let compose = await findCompose();
  if (!compose) {
    const stack = new StackDirectory(join(projectRoot, '.stack'));
    await stack.prepare();
    await ensurePrograms(['compose'], stack.logFile('apt'), console.log);
    compose = ['docker-compose'];
  }
  await checkComposeConfig(compose);
  console.log(`docker-compose.yml is accepted by ${compose.join(' ')}`);
}

await main().catch((error: unknown) => {
  console.error(AppError.from(error).message);
  process.exitCode = 1;
});
