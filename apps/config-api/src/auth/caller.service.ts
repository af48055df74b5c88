import { equalConstantTime, keyedHash, type SecretBytes } from '#libs/crypto';
import { AppError } from '#libs/errors';
import type { ApiTokenStore, PresentedToken } from '#libs/keystore';
import { organizationIdFrom } from '../organizations/organization-id.js';
import { parseApiToken, type ApiTokenParts } from './api-token.js';
import type { Caller } from './caller.js';
import { scopesOf } from './scope.js';

/** The header by which an agency acts for one of its children. */
export const actForHeader = 'x-latchkey-organization';

/** How the service tokens that we make begin; an operator may have chosen another. */
const serviceTokenStart = 'lk_service_';

/** Who a token belongs to, and for whom it is to act. */
export interface Identity {
  caller: Caller;
  /** Why the caller may not act for the organization that the request names. */
  refusal?: AppError;
}

/** What somebody presents as a token; `parts` when it has the form of an organization's. */
export interface Credential {
  parts?: ApiTokenParts | undefined;
  /** It looks like the token that orchestrators bring to the resolver. */
  isOrchestrators: boolean;
  /** Stands for the token and does not tell it. */
  hash: Buffer;
}

/** What a request says besides its token, and needs besides its caller. */
export interface IdentityQuestion {
  /** The organization that the request names. */
  actFor?: string | undefined;
  withSecretIds?: boolean;
}

/** Says who sends a request, by its bearer token. */
export class CallerService {
  private readonly adminTokenHash: Buffer;

  constructor(
    private readonly tokens: ApiTokenStore,
    private readonly tokenHashKey: SecretBytes,
    adminToken: string,
  ) {
    this.adminTokenHash = this.hashText(adminToken);
  }

  read(token: string): Credential {
    const parts = parseApiToken(token);
    const isOrchestrators = token.startsWith(serviceTokenStart);
    return { parts, isOrchestrators, hash: parts ? this.hashOf(parts) : this.hashText(token) };
  }

  /**
   * Throws `unauthenticated`: `unauthorized` for an unknown token, `api_key_revoked` and `api_key_expired` for one that
   * was good.
   */
  async identify(
    { parts, hash, isOrchestrators }: Credential,
    { actFor, withSecretIds = false }: IdentityQuestion,
  ): Promise<Identity> {
    if (!parts) {
      if (!equalConstantTime(hash, this.adminTokenHash))
        throw isOrchestrators ? tokenOfOrchestrators() : unknownToken();
      return { caller: { kind: 'admin' }, ...(actFor !== undefined && { refusal: operatorActs() }) };
    }
    const childId = organizationIdFrom(actFor) ?? null;
    const stored = await this.tokens.find({ id: parts.id, childId, withSecretIds });
    if (!stored || !equalConstantTime(hash, stored.hash)) throw unknownToken();
    assertStillGood(stored, new Date());
    return identityOf(stored, actFor, childId);
  }

  /** The keyed hash that is stored of a token. */
  hashOf({ id, secret }: ApiTokenParts): Buffer {
    return keyedHash(this.tokenHashKey, 'api-token', [id, secret], 32);
  }

  private hashText(token: string): Buffer {
    return keyedHash(this.tokenHashKey, 'admin-token', [token], 32);
  }
}

function identityOf(stored: PresentedToken, actFor: string | undefined, childId: string | null): Identity {
  const isSelf = actFor === undefined || childId === stored.organizationId;
  const { secretIds } = stored;
  const caller: Caller = {
    kind: 'tenant',
    ...(secretIds && { secretIds }),
    organizationId: !isSelf && stored.isParentOfChild && childId ? childId : stored.organizationId,
    tokenId: stored.id,
    scopes: scopesOf(stored.scopes),
    isAgency: !isSelf && stored.isParentOfChild,
  };
  return { caller, ...(!isSelf && !stored.isParentOfChild && { refusal: noSuchChild() }) };
}

function assertStillGood(token: PresentedToken, now: Date): void {
  if (token.revokedAt) {
    throw new AppError('unauthenticated', 'api_key_revoked', { message: 'The token has been revoked.' });
  }
  if (token.expiresAt && token.expiresAt <= now) {
    throw new AppError('unauthenticated', 'api_key_expired', { message: 'The token has expired.' });
  }
}

function tokenOfOrchestrators(): AppError {
  return new AppError('unauthenticated', 'unauthorized', {
    message: "This looks like the orchestrator's token, which starts calls: use an organization's token here.",
  });
}

function unknownToken(): AppError {
  return new AppError('unauthenticated', 'unauthorized', { message: 'The token is not known.' });
}

/** The same whether it exists or not: nobody learns of others. */
function noSuchChild(): AppError {
  return new AppError('not_found', 'organization_not_found', {
    message: 'Your organization has no such child organization.',
    param: 'X-Latchkey-Organization',
  });
}

function operatorActs(): AppError {
  return new AppError('invalid', 'invalid_request', {
    message: "Only an organization's token acts for another organization, its child.",
    param: 'X-Latchkey-Organization',
  });
}
