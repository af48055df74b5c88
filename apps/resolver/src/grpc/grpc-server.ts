import { readFileSync } from 'node:fs';
import { keyResolverProto } from '#libs/contracts';
import { logVerbosity, ServerCredentials, setLogVerbosity, type Server } from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { HealthImplementation } from 'grpc-health-check';
import { Transport, type GrpcOptions } from '@nestjs/microservices';
import type { PackageDefinition } from '@grpc/proto-loader';

export interface GrpcServerOptions {
  /** `host:port` to listen on. */
  address: string;
  /** PEM files; without them the server speaks plaintext. */
  tls?: { certFile: string; keyFile: string };
}

/** The health service's answer for the whole server and for KeyResolver. */
export const grpcHealth = (): HealthImplementation =>
  new HealthImplementation({
    '': 'NOT_SERVING',
    [`${keyResolverProto.package}.${keyResolverProto.service}`]: 'NOT_SERVING',
  });

/** Nest options of the gRPC server, with standard health and reflection beside KeyResolver. */
export function grpcMicroservice(options: GrpcServerOptions, health: HealthImplementation): GrpcOptions {
  // What it would print beside our log lines comes to us as an error as well.
  setLogVerbosity(logVerbosity.NONE);
  return {
    transport: Transport.GRPC,
    options: {
      package: keyResolverProto.package,
      protoPath: keyResolverProto.path,
      url: options.address,
      loader: { keepCase: true, defaults: true, arrays: true, longs: Number },
      maxReceiveMessageLength: 1024 * 1024,
      gracefulShutdown: true,
      ...(options.tls && { credentials: tlsCredentials(options.tls) }),
      onLoadPackageDefinition: (definition: PackageDefinition, server: Pick<Server, 'addService'>) => {
        health.addToServer(server);
        new ReflectionService(definition).addToServer(server);
      },
    },
  };
}

function tlsCredentials({ certFile, keyFile }: { certFile: string; keyFile: string }): ServerCredentials {
  return ServerCredentials.createSsl(null, [
    { cert_chain: readFileSync(certFile), private_key: readFileSync(keyFile) },
  ]);
}
