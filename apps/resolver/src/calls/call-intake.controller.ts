import { callStartedSchema, type CallKeysResolved } from '#libs/contracts';
import { Body, Controller, HttpCode, Post, UseGuards } from '@nestjs/common';
import { parseRequest } from '../grpc/key-resolver.schema.js';
import { ServiceTokenGuard } from '../grpc/service-token.guard.js';
import { CallIntakeService } from './call-intake.service.js';

/** `call.started.v1` by HTTP: the same body, answered with the resolved event. */
@Controller('api/v1/calls')
@UseGuards(ServiceTokenGuard)
export class CallIntakeController {
  constructor(private readonly intake: CallIntakeService) {}

  @Post()
  @HttpCode(200)
  start(@Body() body: unknown): Promise<CallKeysResolved> {
    return this.intake.announce(parseRequest(callStartedSchema, body));
  }
}
