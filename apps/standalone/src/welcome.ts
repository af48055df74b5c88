import { relative } from 'node:path';
import { originOf, type StandaloneConfig, type ValueOrigin } from '#libs/config';
import type { FakeProviderServer } from '#apps/fake-provider';
import type { DataDirectory } from './data-directory.js';
import { providersHint } from './fake-providers.js';

/** Where to go and what to paste first. */
export function welcome(config: StandaloneConfig, folder: DataDirectory, fake?: FakeProviderServer): string {
  const http = `http://${config.LATCHKEY_HTTP_HOST}:${config.LATCHKEY_HTTP_PORT}`;
  const admin = originOf('LATCHKEY_ADMIN_TOKEN') ?? { file: folder.file('admin-token') };
  const service = originOf('LATCHKEY_SERVICE_TOKEN') ?? { file: folder.file('service-token') };
  return `
Latchkey is running.
  HTTP   ${http}  (every route: ${http}/docs, health: ${http}/health/ready, metrics: ${http}/metrics)
  gRPC   ${config.LATCHKEY_GRPC_HOST}:${config.LATCHKEY_GRPC_PORT}  (latchkey.v1.KeyResolver, reflection on)
  Data   ${folder.path}
  Tokens ${placeOf(admin)} (operator), ${placeOf(service)} (orchestrators)

Create your first organization (its answer shows the organization's token once):
  curl -s ${http}/api/v1/organizations -H "Authorization: Bearer ${inShell(admin)}" \\
    -H 'Content-Type: application/json' -d '{"name": "Acme"}'

${providersHint(config, fake)}

Stop with Ctrl-C.
`;
}

function placeOf(origin: ValueOrigin): string {
  return origin.file === undefined ? `$${origin.variable}` : shortPath(origin.file);
}

/** The token's value between double quotes of a shell. */
function inShell(origin: ValueOrigin): string {
  return origin.file === undefined ? placeOf(origin) : `$(cat '${placeOf(origin).replaceAll("'", "'\\''")}')`;
}

/** As one would type it here. */
function shortPath(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere.startsWith('..') ? path : fromHere;
}
