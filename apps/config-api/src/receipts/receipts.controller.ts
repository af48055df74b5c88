import { Controller, Get, Param } from '@nestjs/common';
import { AppError } from '#libs/errors';
import { ReceiptReaderStore, type ReceiptComponent } from '#libs/keystore';
import type { TenantCaller } from '../auth/caller.js';
import { RequiresCaller } from '../auth/caller.guard.js';
import { CurrentTenant } from '../auth/current-caller.js';

/** Which source, secret and version every component of a call got, and why. */
export interface ReceiptAnswer {
  call_id: string;
  organization_id: string;
  resolved_at: string | null;
  ended_at: string | null;
  components: ReceiptComponent[];
}

@Controller('api/v1/calls')
@RequiresCaller('tenant')
export class ReceiptsController {
  constructor(private readonly receipts: ReceiptReaderStore) {}

  /** Throws `not_found` for a call that the organization does not have, whoever else may have it. */
  @Get(':call_id/keys')
  async read(@CurrentTenant() tenant: TenantCaller, @Param('call_id') callId: string): Promise<ReceiptAnswer> {
    const isCallId = /^[\x21-\x7e]{1,128}$/.test(callId);
    const receipt = isCallId ? await this.receipts.find(tenant.organizationId, callId) : undefined;
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
