import { relative } from 'node:path';
import type { StandaloneConfig } from '#libs/config';
import type { DataDirectory } from './data-directory.js';

/** Where to go and what to paste first. */
export function welcome(config: StandaloneConfig, folder: DataDirectory): string {
  const http = `http://${config.LATCHKEY_HTTP_HOST}:${config.LATCHKEY_HTTP_PORT}`;
  const tokenOf = (name: string, given: string | undefined, variable: string): string =>
    given === undefined ? `$(cat ${shortPath(folder.file(name))})` : `$${variable}`;
  const admin = tokenOf('admin-token', config.LATCHKEY_ADMIN_TOKEN, 'LATCHKEY_ADMIN_TOKEN');
  return `
Latchkey is running.
  HTTP   ${http}  (health: ${http}/health/ready, metrics: ${http}/metrics)
  gRPC   ${config.LATCHKEY_GRPC_HOST}:${config.LATCHKEY_GRPC_PORT}  (latchkey.v1.KeyResolver, reflection on)
  Data   ${folder.path}  (tokens: admin-token, service-token)

Create your first organization (its answer shows the organization's token once):
  curl -s ${http}/api/v1/organizations -H "Authorization: Bearer ${admin}" \\
    -H 'Content-Type: application/json' -d '{"name": "Acme"}'

Stop with Ctrl-C.
`;
}

/** As one would type it here. */
function shortPath(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere.startsWith('..') ? path : fromHere;
}
