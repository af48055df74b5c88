import { Controller, Get, Param } from '@nestjs/common';
import { callIdSchema } from '#libs/contracts';
import { AppError } from '#libs/errors';
import { ReceiptReaderStore } from '#libs/keystore';
import { Answers } from '#libs/openapi';
import { RequiresCaller, RequiresScope } from '../auth/caller.guard.js';
import { CurrentOrganizationId } from '../auth/current-caller.js';
import { receiptAnswer, type ReceiptAnswer } from './receipt.schema.js';

/** What a call got, for the organization that it belongs to. */
@Controller('api/v1/calls')
@RequiresCaller('tenant')
@RequiresScope('byok:read')
export class ReceiptsController {
  constructor(private readonly receipts: ReceiptReaderStore) {}

  /** Throws `not_found` for a call that the organization does not have, whoever else may have it. */
  @Get(':call_id/keys')
  @Answers(200, receiptAnswer, { summary: 'The receipt of a call', errors: [404] })
  async read(
    @CurrentOrganizationId() organizationId: string,
    @Param('call_id') callId: string,
  ): Promise<ReceiptAnswer> {
    const isCallId = callIdSchema.safeParse(callId).success;
    const receipt = isCallId ? await this.receipts.find(organizationId, callId) : undefined;
    if (!receipt) throw new AppError('not_found', 'not_found', { message: 'There is no such call.', param: 'call_id' });
    return {
      call_id: receipt.callId,
      organization_id: receipt.organizationId,
      resolved_at: receipt.resolvedAt?.toISOString() ?? null,
      ended_at: receipt.endedAt?.toISOString() ?? null,
      components: receipt.components,
    };
  }
}
