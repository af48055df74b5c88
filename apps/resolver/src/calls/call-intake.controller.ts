import { callKeysResolvedSchema, callStartedSchema, type CallKeysResolved, type CallStarted } from '#libs/contracts';
import { Answers } from '#libs/openapi';
import { Body, Controller, Post, UseGuards } from '@nestjs/common';
import { z } from 'zod';
import { ServiceTokenGuard } from '../auth/service-token.guard.js';
import { CallIntakeService } from './call-intake.service.js';

const announcedCallSchema = z.preprocess(withAssistantId, callStartedSchema);

/** `call.started.v1` by HTTP: the same body, answered with the resolved event. */
@Controller('api/v1/calls')
@UseGuards(ServiceTokenGuard)
export class CallIntakeController {
  constructor(private readonly intake: CallIntakeService) {}

  @Post()
  @Answers(200, callKeysResolvedSchema, {
    summary: 'Start a call (standalone only)',
    description: 'The body of `call.started.v1`, answered with its `call.keys.resolved.v1`: for those without Kafka.',
    errors: [404, 'invalid_event', 'event_bus_unavailable', 'no_answer_yet'],
    token: 'serviceToken',
  })
  start(@Body({ schema: announcedCallSchema }) call: CallStarted): Promise<CallKeysResolved> {
    return this.intake.announce(call);
  }
}

/** Clients of the older name say `agent_id`. */
function withAssistantId(body: unknown): unknown {
  if (typeof body !== 'object' || body === null) return body;
  const { agent_id: agentId, ...call } = body as { agent_id?: unknown; assistant_id?: unknown };
  return agentId === undefined || call.assistant_id !== undefined ? body : { ...call, assistant_id: agentId };
}
