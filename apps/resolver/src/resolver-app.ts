import type { ResolverConfig, RunningApp } from '#libs/config';
import { keyResolverProto } from '#libs/contracts';
import { EventTransport, type EventBus } from '#libs/messaging';
import { HealthService, nestLogEvent } from '#libs/observability';
import { Logger, type INestApplication, type LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { grpcHealth, grpcMicroservice, type GrpcServerOptions } from './grpc/grpc-server.js';
import type { ResolverPorts } from './resolver-ports.js';
import { ResolverModule } from './resolver.module.js';

/** Group name of all resolvers: they share the partitions of the call topics. */
const resolverGroup = 'latchkey-resolver';

export type ResolverListening = Pick<
  ResolverConfig,
  | 'LATCHKEY_GRPC_HOST'
  | 'LATCHKEY_GRPC_PORT'
  | 'LATCHKEY_GRPC_TLS_CERT_FILE'
  | 'LATCHKEY_GRPC_TLS_KEY_FILE'
  | 'LATCHKEY_RESOLVER_HTTP_HOST'
  | 'LATCHKEY_RESOLVER_HTTP_PORT'
>;

/**
 * Starts a resolver of its own on the given ports, which it closes when it stops: events, gRPC, and HTTP for health and
 * metrics. It serves when this resolves.
 */
export async function startResolver(
  ports: ResolverPorts,
  config: ResolverListening,
  logger: LoggerService,
): Promise<RunningApp> {
  // Nobody waits for an answer on health or metrics of a process that stops; an open connection would hold it up.
  const http = new FastifyAdapter({ forceCloseConnections: true });
  const app = await NestFactory.create(ResolverModule.register(ports), http, {
    logger,
    abortOnError: false,
  });
  connectResolver(app, ports, grpcOptionsOf(config));
  await app.startAllMicroservices();
  await app.listen(config.LATCHKEY_RESOLVER_HTTP_PORT, config.LATCHKEY_RESOLVER_HTTP_HOST);
  return {
    stop: async () => {
      // The transports have drained before what they use is let go.
      await app.close();
      await ports.eventBus.close();
      await ports.handleStore.close();
      await ports.dataSource.destroy();
    },
  };
}

/** What the event transport of the resolver is made from. */
export interface ResolverEvents {
  eventBus: EventBus;
  settings: Pick<ResolverConfig, 'LATCHKEY_RETRY_ATTEMPTS_MAX'>;
}

/** Attaches the resolver's transports, events and gRPC, to an app that contains ResolverModule. */
export function connectResolver(
  app: INestApplication,
  { eventBus, settings }: ResolverEvents,
  grpc: GrpcServerOptions,
): void {
  const health = grpcHealth();
  const strategy = new EventTransport({
    bus: eventBus,
    group: resolverGroup,
    attemptsMax: settings.LATCHKEY_RETRY_ATTEMPTS_MAX,
    log: nestLogEvent('events'),
  });
  app.connectMicroservice({ strategy });
  app.connectMicroservice(grpcMicroservice(grpc, health));
  reportHealth(app.get(HealthService, { strict: false }), health);
}

/** Where and how the gRPC server listens. */
export function grpcOptionsOf(
  config: Omit<ResolverListening, 'LATCHKEY_RESOLVER_HTTP_HOST' | 'LATCHKEY_RESOLVER_HTTP_PORT'>,
): GrpcServerOptions {
  const { LATCHKEY_GRPC_TLS_CERT_FILE: certFile, LATCHKEY_GRPC_TLS_KEY_FILE: keyFile } = config;
  const address = `${config.LATCHKEY_GRPC_HOST}:${config.LATCHKEY_GRPC_PORT}`;
  if (certFile !== undefined && keyFile !== undefined) return { address, tls: { certFile, keyFile } };
  if (!/^(127\.|localhost$|::1$|\[::1\]$)/.test(config.LATCHKEY_GRPC_HOST)) {
    new Logger('grpc').warn('keys leave this host without TLS: set LATCHKEY_GRPC_TLS_CERT_FILE and …_KEY_FILE');
  }
  return { address };
}

function reportHealth(readiness: HealthService, grpc: ReturnType<typeof grpcHealth>): void {
  const report = async (): Promise<void> => {
    const { status } = await readiness.readiness();
    for (const service of ['', `${keyResolverProto.package}.${keyResolverProto.service}`]) {
      grpc.setStatus(service, status === 'ready' ? 'SERVING' : 'NOT_SERVING');
    }
  };
  void report();
  setInterval(() => void report(), 1_000).unref();
}
