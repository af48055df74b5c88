import { describe, expect, it } from '@jest/globals';
import type { ExecutionContext } from '@nestjs/common';
import { scrubSecrets } from '#libs/observability';
import { ServiceTokenGuard } from './service-token.guard.js';

const token = 'service-token-0123456789';

/** A request by HTTP with this header. */
function request(authorization?: string): ExecutionContext {
  const http = { getRequest: () => ({ headers: { authorization } }) };
  return { getType: () => 'http', switchToHttp: () => http } as unknown as ExecutionContext;
}

describe('the service token', () => {
  const guard = new ServiceTokenGuard(token);

  it('lets in', () => expect(guard.canActivate(request(`Bearer ${token}`))).toBe(true));

  it.each([undefined, token, `Basic ${token}`, `Bearer ${token}x`])(
    '%s does not, and what is said of it reaches the client as it is',
    (authorization) => {
      let message = '';
      try {
        guard.canActivate(request(authorization));
      } catch (error) {
        message = (error as Error).message;
      }
      expect(message).toMatch(/^Send the service token .*Authorization.* Bearer, a space and the token\.$/);
      expect(scrubSecrets(message)).toBe(message);
    },
  );
});
