import { Body, Controller, Post } from '@nestjs/common';
import { Answers } from '#libs/openapi';
import { RequiresCaller, RequiresScope } from '../auth/caller.guard.js';
import { SlotOrder, type ChangeOrder } from '../byok/change-order.js';
import { keyTestAnswer, keyTestSchema, type KeyTestAnswer, type KeyTestBody } from './key-test.schema.js';
import { KeyTestService } from './key-test.service.js';

/** Asks a provider about a key, before it is saved or while it is stored. */
@Controller(['api/v1/byok/keys', 'admin/v1/platform/byok/keys'])
@RequiresCaller()
@RequiresScope('byok:write')
export class KeyTestController {
  constructor(private readonly tests: KeyTestService) {}

  @Post(':provider/test')
  @Answers(200, keyTestAnswer, {
    summary: 'Ask the provider about a key',
    description: 'About the key in the body, of which nothing is kept; without one, about the stored key.',
    errors: [404],
  })
  test(@SlotOrder() order: ChangeOrder, @Body({ schema: keyTestSchema }) body: KeyTestBody): Promise<KeyTestAnswer> {
    const slot = { organizationId: order.organizationId, provider: order.provider };
    return body.key ? this.tests.testGiven(slot, body.key) : this.tests.testStored(slot);
  }
}
