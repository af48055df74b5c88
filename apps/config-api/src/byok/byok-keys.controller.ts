import { Body, Controller, Get, Param, Post, Put, UseInterceptors } from '@nestjs/common';
import { Answers } from '#libs/openapi';
import { RequiresCaller, RequiresScope } from '../auth/caller.guard.js';
import { CurrentOrganizationId } from '../auth/current-caller.js';
import { EpochTagInterceptor } from '../http/epoch-tag.interceptor.js';
import { policySchema, rollBackSchema, rotateKeySchema } from './byok.schema.js';
import type { PolicyBody, RollBackBody, RotateKeyBody } from './byok.schema.js';
import { ByokService } from './byok.service.js';
import { SlotOrder, type ChangeOrder } from './change-order.js';
import { keyRow, keysAnswer, rotatedAnswer, slotAnswer, versionsAnswer } from './key-answers.schema.js';
import type { KeyRow, KeysAnswer, RotatedAnswer, SlotAnswer, VersionsAnswer } from './key-answers.schema.js';
import { KeyViewService } from './key-view.service.js';
import { verdictRowOf } from './verdict-row.js';

/** The slots of one organization or of the platform in detail: what is stored, rotate, revoke, history, policy. */
@Controller(['api/v1/byok/keys', 'admin/v1/platform/byok/keys'])
@RequiresCaller()
@RequiresScope('byok:write')
@UseInterceptors(EpochTagInterceptor)
export class ByokKeysController {
  constructor(
    private readonly byok: ByokService,
    private readonly views: KeyViewService,
  ) {}

  @Get()
  @RequiresScope('byok:read')
  @Answers(200, keysAnswer, { summary: 'Every slot in detail' })
  async list(@CurrentOrganizationId() organizationId: string): Promise<KeysAnswer> {
    return { keys: await this.views.keyRows(organizationId) };
  }

  @Get(':provider')
  @RequiresScope('byok:read')
  @Answers(200, keyRow, { summary: 'One slot in detail' })
  read(@CurrentOrganizationId() organizationId: string, @Param('provider') provider: string): Promise<KeyRow> {
    return this.views.keyRow(organizationId, provider);
  }

  @Get(':provider/versions')
  @RequiresScope('byok:read')
  @Answers(200, versionsAnswer, { summary: 'History of a slot: who still uses which key' })
  versions(
    @CurrentOrganizationId() organizationId: string,
    @Param('provider') provider: string,
  ): Promise<VersionsAnswer> {
    return this.views.versions(organizationId, provider);
  }

  @Post(':provider/rotate')
  @Answers(200, rotatedAnswer, {
    summary: 'Replace a key',
    description:
      '`graceful`: calls that began with the old key keep it until they end or the overlap has passed. ' +
      '`immediate`: once this has answered, nobody gets the old key.',
    errors: [404, 'key_rejected'],
    ifMatch: true,
  })
  async rotate(
    @SlotOrder() order: ChangeOrder,
    @Body({ schema: rotateKeySchema }) body: RotateKeyBody,
  ): Promise<RotatedAnswer> {
    const changed = await this.byok.rotate(order, body.key, body);
    return {
      ...this.views.slotAnswer(order.provider, changed),
      check: changed.verdict ? verdictRowOf(changed.verdict) : null,
    };
  }

  @Post(':provider/revoke')
  @Answers(200, slotAnswer, {
    summary: 'Revoke a key that leaked',
    description: 'Once this has answered, nobody gets the key. Needs no body. Repeating it changes nothing.',
    errors: [404],
    ifMatch: true,
  })
  async revoke(@SlotOrder() order: ChangeOrder): Promise<SlotAnswer> {
    return this.views.slotAnswer(order.provider, await this.byok.revoke(order));
  }

  @Post(':provider/rollback')
  @Answers(200, slotAnswer, {
    summary: 'Go back to an earlier key',
    description:
      'To the version named, or to the newest that is kept and neither expired nor refused by its provider. Revoked and ' +
      'removed versions are gone. A key that its provider refused begins in quarantine and is asked about again.',
    errors: [404, 'already_current'],
    ifMatch: true,
  })
  async rollBack(
    @SlotOrder() order: ChangeOrder,
    @Body({ schema: rollBackSchema }) body: RollBackBody,
  ): Promise<SlotAnswer> {
    return this.views.slotAnswer(order.provider, await this.byok.rollBack(order, body ?? {}));
  }

  @Put(':provider/policy')
  @Answers(200, slotAnswer, {
    summary: 'Set when a slot gives its key',
    description:
      'What is absent stays as it is, null takes a condition away. Everything but the expiry date can be set before there ' +
      'is a key.',
    errors: [404],
    ifMatch: true,
  })
  async setPolicy(
    @SlotOrder() order: ChangeOrder,
    @Body({ schema: policySchema }) body: PolicyBody,
  ): Promise<SlotAnswer> {
    return this.views.slotAnswer(order.provider, await this.byok.setPolicy(order, body));
  }
}
