import { fileURLToPath } from 'node:url';

/** The gRPC package of the resolver and the file that declares it. */
export const keyResolverProto = {
  package: 'latchkey.v1',
  service: 'KeyResolver',
  path: fileURLToPath(new URL('../proto/latchkey/v1/key_resolver.proto', import.meta.url)),
} as const;
