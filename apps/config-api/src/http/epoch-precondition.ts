import { AppError } from '#libs/errors';

/**
 * The epoch that the caller believes a slot has, from `If-Match: 7` or `If-Match: "7"`; undefined without the header.
 * Throws `invalid` for anything else: a condition that is not understood must not be dropped.
 */
export function expectedEpochOf(ifMatch: string | undefined): number | undefined {
  if (ifMatch === undefined) return undefined;
  const [, quoted, bare] = /^(?:"(\d{1,15})"|(\d{1,15}))$/.exec(ifMatch.trim()) ?? [];
  const digits = quoted ?? bare;
  if (digits !== undefined) return Number(digits);
  throw new AppError('invalid', 'invalid_request', {
    message: 'If-Match must be the epoch of the slot, such as If-Match: "7".',
    param: 'If-Match',
  });
}
