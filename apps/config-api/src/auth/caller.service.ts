import { equalConstantTime, keyedHash, type SecretBytes } from '#libs/crypto';
import { AppError } from '#libs/errors';
import type { ApiToken, OrganizationStore } from '#libs/keystore';
import { parseApiToken, type ApiTokenParts } from './api-token.js';
import type { Caller } from './caller.js';

/** Says who sends a request, by its bearer token. */
export class CallerService {
  private readonly adminTokenHash: Buffer;

  constructor(
    private readonly organizations: OrganizationStore,
    private readonly tokenHashKey: SecretBytes,
    adminToken: string,
  ) {
    this.adminTokenHash = this.hashAdminToken(adminToken);
  }

  /**
   * Throws `unauthenticated`: `unauthorized` for a missing, malformed or unknown token, `api_key_revoked` and
   * `api_key_expired` for one that was good.
   */
  async identify(authorization: string | undefined): Promise<Caller> {
    const token = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
    if (!token) throw unauthorized('Send "Authorization: Bearer <token>".');
    if (equalConstantTime(this.hashAdminToken(token), this.adminTokenHash)) return { kind: 'admin' };
    const parts = parseApiToken(token);
    const stored = parts && (await this.organizations.findToken(parts.id));
    if (!parts || !stored || !equalConstantTime(this.hashOf(parts), stored.hash)) {
      throw unauthorized('The token is not known.');
    }
    assertStillGood(stored, new Date());
    return { kind: 'tenant', organizationId: stored.organizationId, tokenId: stored.id };
  }

  /** The keyed hash that is stored of a token. */
  hashOf({ id, secret }: ApiTokenParts): Buffer {
    return keyedHash(this.tokenHashKey, 'api-token', [id, secret], 32);
  }

  private hashAdminToken(token: string): Buffer {
    return keyedHash(this.tokenHashKey, 'admin-token', [token], 32);
  }
}

function assertStillGood(token: ApiToken, now: Date): void {
  if (token.revokedAt) {
    throw new AppError('unauthenticated', 'api_key_revoked', { message: 'The token has been revoked.' });
  }
  if (token.expiresAt && token.expiresAt <= now) {
    throw new AppError('unauthenticated', 'api_key_expired', { message: 'The token has expired.' });
  }
}

function unauthorized(message: string): AppError {
  return new AppError('unauthenticated', 'unauthorized', { message });
}
