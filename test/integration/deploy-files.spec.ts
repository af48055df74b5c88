import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { checkComposeConfig, findCompose } from '../../scripts/stack/compose-config.js';
import { projectRoot } from '../../scripts/stack/stack-directory.js';

interface Service {
  image?: string;
  build?: { context: string; target: string };
  user?: string;
  restart?: string;
  command?: string[];
  environment?: Record<string, string | number>;
  ports?: string[];
  volumes?: string[];
  read_only?: boolean;
  cap_drop?: string[];
  healthcheck?: { test?: string[]; disable?: boolean };
  depends_on?: Record<string, { condition: string }>;
}

interface ComposeFile {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
}

/** One stage of the Dockerfile: what it starts from and its instructions, in order. */
interface Stage {
  from: string;
  instructions: { name: string; value: string }[];
}

const read = (path: string): string => readFileSync(join(projectRoot, path), 'utf8');
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
const compose = parse(read('docker-compose.yml'), { merge: true }) as ComposeFile;
const services = Object.entries(compose.services);
const stages = parseDockerfile(read('Dockerfile'));
const appTargets = ['config-api', 'resolver', 'standalone'];
const oneShots = ['secrets', 'topics'];
const secretName = /password|token|secret|kek|(database|redis)_url/i;

describe('Dockerfile', () => {
  it.each(appTargets)('has a target %s that runs its own main, as an ordinary user, with a health check', (target) => {
    const [program, ...parameters] = JSON.parse(lastOf(target, 'CMD') ?? '[]') as string[];
    expect([program, parameters.at(-1)]).toEqual(['node', `dist/apps/${target}/src/main.js`]);
    const started = scripts[target === 'standalone' ? 'start' : `start:${target}`] ?? '';
    for (const option of parameters.slice(0, -1)) expect(started.split(' ')).toContain(option);
    expect(lastOf(target, 'USER')).toBe('node');
    expect(lastOf(target, 'HEALTHCHECK')).toContain('dist/scripts/deploy/check-health.js');
  });

  it.each(appTargets)('builds %s from Node 24', (target) => {
    expect(baseImageOf(target)).toMatch(/^node:24\b/);
  });

  it('puts no development dependency and no source into an app', () => {
    for (const target of appTargets) {
      const copied = chainOf(target).flatMap(({ instructions }) => instructions.filter(({ name }) => name === 'COPY'));
      expect(copied.map(({ value }) => value)).not.toContain('. .');
      const modules = copied.find(({ value }) => value.includes('node_modules'))?.value ?? '';
      const from = /--from=(\S+)/.exec(modules)?.[1] ?? '';
      expect(
        stages
          .get(from)
          ?.instructions.map(({ value }) => value)
          .join('\n'),
      ).toContain('--omit=dev');
    }
  });

  it('sends no local state, secret or history to the builder', () => {
    const ignored = read('.dockerignore').split('\n');
    expect(ignored).toEqual(expect.arrayContaining(['.git', '.stack', '.latchkey', '.env*', 'node_modules', 'dist']));
  });
});

describe('docker-compose.yml', () => {
  it('describes the whole system', () => {
    expect(Object.keys(compose.services).sort()).toEqual(
      ['config-api', 'kafka', 'postgres', 'redis', 'resolver', 'secrets', 'topics'].sort(),
    );
    expect(compose.services['kafka']?.image).toBe('apache/kafka:4.3.1');
    expect(compose.services['postgres']?.image).toMatch(/^postgres:18\b/);
  });

  it.each(oneShots)('%s is a step that ends', (name) => {
    expect(compose.services[name]?.healthcheck).toEqual({ disable: true });
    expect(compose.services[name]?.restart).toBeUndefined();
  });

  it.each(services.filter(([name]) => !oneShots.includes(name)))('%s has a health check', (_name, service) => {
    const own = service.healthcheck?.test?.join(' ');
    expect(own ?? lastOf(service.build?.target ?? '', 'HEALTHCHECK')).toBeTruthy();
    expect(service.restart).toBe('unless-stopped');
  });

  it.each(services)('%s publishes ports on the loopback address only', (_name, service) => {
    for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:/);
    expect(service).not.toHaveProperty('network_mode', 'host');
    expect(service).not.toHaveProperty('privileged');
  });

  it.each(services)('%s is given secrets as files, never as values', (_name, service) => {
    for (const [variable, value] of Object.entries(service.environment ?? {})) {
      if (!secretName.test(variable)) continue;
      expect(variable).toMatch(/_FILE$/);
      expect(value).toMatch(/^\/run\/latchkey\//);
    }
    expect(service.command?.join(' ') ?? '').not.toMatch(/requirepass|password=/i);
  });

  it.each(services)('%s mounts only volumes that are declared', (_name, service) => {
    for (const mount of service.volumes ?? []) expect(Object.keys(compose.volumes)).toContain(mount.split(':')[0]);
  });

  it.each(services.filter(([name]) => name !== 'secrets'))(
    '%s cannot change the secrets it is given',
    (_name, service) => {
      for (const mount of service.volumes ?? []) expect(mount).toMatch(/^(?![\w-]+-secrets:)|:ro$/);
    },
  );

  it.each(services)('%s waits only for services that are there, in a state they can reach', (_name, service) => {
    for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
      expect(compose.services).toHaveProperty([other]);
      expect(condition).toBe(oneShots.includes(other) ? 'service_completed_successfully' : 'service_healthy');
    }
  });

  it.each(services.filter(([, { build }]) => build))('%s is built from a target that exists', (_name, service) => {
    expect([...stages.keys()]).toContain(service.build?.target);
    expect(service.build?.context).toBe('.');
  });

  it.each(['config-api', 'resolver', 'redis'])('%s cannot write its own files nor gain rights', (name) => {
    expect(compose.services[name]).toMatchObject({ read_only: true, cap_drop: ['ALL'] });
  });

  it('creates the topics before an app starts, and lets nothing else create any', () => {
    expect(compose.services['topics']?.command).toContain('dist/scripts/deploy/create-topics.js');
    expect(compose.services['config-api']?.depends_on).toHaveProperty('topics');
    expect(compose.services['kafka']?.environment).toMatchObject({ KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false' });
  });

  it('is accepted by Docker Compose wherever that is installed', async () => {
    const command = await findCompose();
    await expect(command ? checkComposeConfig(command) : Promise.resolve()).resolves.toBeUndefined();
  });
});

function parseDockerfile(text: string): Map<string, Stage> {
  const found = new Map<string, Stage>();
  let stage: Stage | undefined;
  for (const line of text.replaceAll(/\\\n/g, ' ').split('\n')) {
    const [, name = '', value = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    const start = name === 'FROM' ? /^(\S+) AS (\S+)$/.exec(value) : undefined;
    if (start) found.set(start[2]!, (stage = { from: start[1]!, instructions: [] }));
    else if (name && stage) stage.instructions.push({ name, value });
  }
  return found;
}

/** A stage and those it starts from, the outermost first. */
function chainOf(target: string): Stage[] {
  const stage = stages.get(target);
  return stage ? [...chainOf(stage.from), stage] : [];
}

function baseImageOf(target: string): string {
  return chainOf(target)[0]?.from ?? '';
}

function lastOf(target: string, instruction: string): string | undefined {
  const all = chainOf(target).flatMap(({ instructions }) => instructions);
  return all.findLast(({ name }) => name === instruction)?.value;
}
