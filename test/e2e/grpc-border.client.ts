import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { keyResolverProto } from '#libs/contracts';
import {
  credentials,
  loadPackageDefinition,
  Metadata,
  status,
  type Client,
  type ClientDuplexStream,
  type ServiceError,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { protoPath as healthProto } from 'grpc-health-check';

export type Method = 'ResolveCall' | 'Redeem' | 'ReleaseCall';

/** What came back: the name of the gRPC status, with the code and the words beside it. */
export interface BorderAnswer {
  status: string;
  code?: string | undefined;
  details?: string;
}

const reflectionProto = join(
  dirname(createRequire(import.meta.url).resolve('@grpc/reflection/package.json')),
  'build/proto/grpc/reflection/v1/reflection.proto',
);
const resolverPath = `/${keyResolverProto.package}.${keyResolverProto.service}`;

/** A client that sends what no well-meaning client would, and asks the standard services. */
export class GrpcBorderClient {
  private readonly health: Client & { Check: (...args: unknown[]) => void };
  private readonly reflection: Client & { ServerReflectionInfo: () => ClientDuplexStream<object, ReflectionAnswer> };
  private readonly resolver: Client;

  constructor(address: string) {
    this.health = standardClient(healthProto, 'grpc.health.v1.Health', address);
    this.reflection = standardClient(reflectionProto, 'grpc.reflection.v1.ServerReflection', address);
    this.resolver = this.health;
  }

  /** Sends bytes, or a message that is encoded first, with this authorization. */
  async send(method: Method, message: object | Buffer, authorization?: string): Promise<BorderAnswer> {
    const bytes = Buffer.isBuffer(message) ? message : encodeRequest(method, message);
    const metadata = new Metadata();
    if (authorization !== undefined) metadata.set('authorization', authorization);
    return new Promise((resolve) => {
      const done = (error: ServiceError | null): void =>
        resolve({
          status: status[error?.code ?? status.OK],
          code: error?.metadata?.get('latchkey-code')[0]?.toString(),
          details: error?.details ?? '',
        });
      const options = { deadline: Date.now() + 10_000 };
      this.resolver.makeUnaryRequest(`${resolverPath}/${method}`, asIs, asIs, bytes, metadata, options, done);
    });
  }

  /** `SERVING` and the like; the name of the gRPC status when there is no such service. */
  healthOf(service: string): Promise<string> {
    return new Promise((resolve) =>
      this.health.Check({ service }, (error: ServiceError | null, answer?: { status: string }) =>
        resolve(error ? status[error.code] : answer!.status),
      ),
    );
  }

  /** The names of all services that reflection lists. */
  listServices(): Promise<string[]> {
    const stream = this.reflection.ServerReflectionInfo();
    return new Promise((resolve, reject) => {
      stream.on('error', reject);
      stream.on('data', (answer: ReflectionAnswer) => {
        resolve(answer.list_services_response.service.map(({ name }) => name));
        stream.end();
      });
      stream.write({ list_services: '' });
    });
  }

  close(): void {
    this.health.close();
    this.reflection.close();
  }
}

const asIs = (value: Buffer): Buffer => value;

interface ReflectionAnswer {
  list_services_response: { service: { name: string }[] };
}

function standardClient<T extends Client>(protoPath: string, service: string, address: string): T {
  const definition = loadSync(protoPath, { keepCase: true, enums: String, defaults: true });
  const loaded = service
    .split('.')
    .reduce<unknown>((within, name) => (within as Record<string, unknown>)[name], loadPackageDefinition(definition));
  return new (loaded as new (address: string, channel: unknown) => T)(address, credentials.createInsecure());
}

const resolverDefinition = loadSync(keyResolverProto.path, { keepCase: true })[
  `${keyResolverProto.package}.${keyResolverProto.service}`
] as unknown as Record<Method, { requestSerialize: (message: object) => Buffer }>;

function encodeRequest(method: Method, message: object): Buffer {
  return resolverDefinition[method].requestSerialize(message);
}
