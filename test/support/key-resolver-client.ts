import { keyResolverProto } from '#libs/contracts';
import { credentials, loadPackageDefinition, Metadata, type ServiceError } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

export interface ResolvedCall {
  call_id: string;
  expires_at: string;
  components: {
    component: string;
    provider: string;
    slot: string;
    status: 'resolved' | 'unresolved';
    source?: string;
    secret_id?: string;
    version?: number;
    handle?: string;
    api_key?: string;
    reason?: string;
    fallback_reason?: string;
    inherited_from?: string;
  }[];
}

export interface RedeemedKeys {
  keys: {
    component: string;
    provider: string;
    secret_id: string;
    version: number;
    api_key: string;
    refusal?: string;
  }[];
}

type Method = 'ResolveCall' | 'Redeem' | 'ReleaseCall' | 'ReportFailure';

type Unary = (
  request: object,
  metadata: Metadata,
  options: { deadline: number },
  done: (error: ServiceError | null, answer: never) => void,
) => void;

/** The orchestrator's side of latchkey.v1.KeyResolver. */
export class KeyResolverClient {
  private readonly client: Record<Method, Unary> & { close(): void };
  private readonly metadata = new Metadata();

  constructor(
    address: string,
    serviceToken: string,
    private readonly timeoutMs = 5_000,
    channel = credentials.createInsecure(),
  ) {
    const definition = loadSync(keyResolverProto.path, { keepCase: true, defaults: true, arrays: true });
    const loaded = loadPackageDefinition(definition) as unknown as {
      latchkey: { v1: { KeyResolver: new (address: string, channel: unknown) => KeyResolverClient['client'] } };
    };
    this.client = new loaded.latchkey.v1.KeyResolver(address, channel);
    this.metadata.set('authorization', `Bearer ${serviceToken}`);
  }

  resolveCall(call: {
    call_id: string;
    organization_id: string;
    audience?: string;
    started_at?: string;
    assistant_id?: string;
    region?: string;
    config?: object;
  }): Promise<ResolvedCall> {
    return this.unary('ResolveCall', { ...call, ...(call.config && { config: structOf(call.config) }) });
  }

  redeem(request: { call_id: string; handles: string[]; audience?: string }): Promise<RedeemedKeys> {
    return this.unary('Redeem', request);
  }

  releaseCall(request: { call_id: string; organization_id: string }): Promise<object> {
    return this.unary('ReleaseCall', request);
  }

  reportFailure(request: {
    call_id: string;
    organization_id: string;
    component: string;
    status: number;
    detail?: string;
  }): Promise<object> {
    return this.unary('ReportFailure', request);
  }

  close(): void {
    this.client.close();
  }

  private unary<T>(method: Method, request: object): Promise<T> {
    return new Promise((resolve, reject) => {
      this.client[method](request, this.metadata, { deadline: Date.now() + this.timeoutMs }, (error, answer) =>
        error ? reject(error) : resolve(answer),
      );
    });
  }
}

/** A JSON object as google.protobuf.Struct. */
function structOf(json: object): object {
  return { fields: Object.fromEntries(Object.entries(json).map(([name, value]) => [name, valueOf(value)])) };
}

function valueOf(value: unknown): object {
  if (value === null || value === undefined) return { nullValue: 'NULL_VALUE' };
  if (Array.isArray(value)) return { listValue: { values: value.map(valueOf) } };
  if (typeof value === 'object') return { structValue: structOf(value) };
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  return { numberValue: value };
}
