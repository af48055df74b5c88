import { keyResolverProto, type CallKeysResolved } from '#libs/contracts';
import { AppError } from '#libs/errors';
import { metrics } from '#libs/observability';
import type { Metadata, ServerUnaryCall } from '@grpc/grpc-js';
import { Controller, UseFilters, UseGuards } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { ServiceTokenGuard } from '../auth/service-token.guard.js';
import { announcedAtOf, defaultAudience, type CallRequest } from '../calls/call-request.js';
import { CallService } from '../calls/call.service.js';
import { CallAnnouncementService } from '../calls/call-announcement.service.js';
import { RedemptionService, type Redemption } from '../redemption/redemption.service.js';
import { withinDeadline } from './call-deadline.js';
import { GrpcErrorFilter } from './grpc-error.filter.js';
import {
  parseRequest,
  redeemSchema,
  releaseCallSchema,
  reportFailureSchema,
  resolveCallSchema,
} from './key-resolver.schema.js';
import { jsonOfStruct, type ProtobufStruct } from './protobuf-struct.js';

type Call = ServerUnaryCall<unknown, unknown>;
type Component = CallKeysResolved['components'][number] & { api_key?: string };

/** latchkey.v1.KeyResolver. */
@Controller()
@UseGuards(ServiceTokenGuard)
@UseFilters(GrpcErrorFilter)
export class KeyResolverController {
  constructor(
    private readonly calls: CallService,
    private readonly redemptions: RedemptionService,
    private readonly announcements: CallAnnouncementService,
  ) {}

  @GrpcMethod(keyResolverProto.service, 'ResolveCall')
  resolveCall(message: { config?: ProtobufStruct | null }, _metadata: Metadata, call: Call): Promise<object> {
    const config = message.config ? jsonOfStruct(message.config) : undefined;
    const { call_id: callId, ...request } = parseRequest(resolveCallSchema, { ...message, config });
    return withinDeadline(
      call,
      this.resolve({
        callId,
        organizationId: request.organization_id,
        audience: request.audience ?? defaultAudience,
        announcedAt: announcedAtOf(request.started_at, new Date()),
        assistantId: request.assistant_id,
        region: request.region,
        config: request.config,
      }),
    );
  }

  @GrpcMethod(keyResolverProto.service, 'Redeem')
  async redeem(message: unknown, _metadata: Metadata, call: Call): Promise<object> {
    const { call_id: callId, audience, handles } = parseRequest(redeemSchema, message);
    const redemptions = await withinDeadline(call, this.redemptions.redeem({ callId, audience, handles }));
    for (const redemption of redemptions) {
      metrics.redeem.inc({ outcome: 'refusal' in redemption ? redemption.refusal : 'redeemed' });
    }
    const keys = redemptions.map(redeemedKey);
    // Not earlier: a handle that is there twice is one key.
    for (const redemption of redemptions) if ('key' in redemption) redemption.key.apiKey.destroy();
    return { keys };
  }

  @GrpcMethod(keyResolverProto.service, 'ReleaseCall')
  async releaseCall(message: unknown, _metadata: Metadata, call: Call): Promise<object> {
    await withinDeadline(call, this.calls.end([parseRequest(releaseCallSchema, message)]));
    return {};
  }

  @GrpcMethod(keyResolverProto.service, 'ReportFailure')
  async reportFailure(message: unknown, _metadata: Metadata, call: Call): Promise<object> {
    await withinDeadline(call, this.announcements.report(parseRequest(reportFailureSchema, message)));
    return {};
  }

  private async resolve(request: CallRequest): Promise<object> {
    try {
      const [started] = await this.calls.start([request]);
      const answer = resolvedAnswer(started!);
      this.announcements.announceFallback(answer);
      return answer;
    } catch (error) {
      if (!(error instanceof AppError && error.code === 'handle_store_unavailable')) throw error;
      const [direct] = await this.calls.startDirectly([request]);
      if (direct instanceof AppError) throw direct;
      return withKeys(direct!.answer, direct!.apiKeys);
    }
  }
}

function resolvedAnswer(answer: CallKeysResolved | AppError): CallKeysResolved {
  if (answer instanceof AppError) throw answer;
  return answer;
}

function withKeys(answer: CallKeysResolved, apiKeys: Map<string, string>): object {
  const components = answer.components.map((component): Omit<Component, 'handle'> => {
    if (component.status === 'unresolved') return component;
    const { handle: _handle, ...rest } = component;
    return { ...rest, api_key: apiKeys.get(component.component)! };
  });
  return { ...answer, components };
}

function redeemedKey(redemption: Redemption): object {
  if ('refusal' in redemption) return redemption;
  const { component, provider, secretId, version, apiKey } = redemption.key;
  const plaintext = apiKey.use((bytes) => bytes.toString('utf8'));
  return { component, provider, secret_id: secretId, version, api_key: plaintext };
}
