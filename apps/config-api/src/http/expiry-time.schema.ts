import { z } from 'zod';

const notATime = 'must be a time such as 2027-01-31T00:00:00Z, or null';

/** When something ends. Times are answered in UTC with a year of four digits, and others have none. */
export const expiryTime = z.iso.datetime({ offset: true, error: notATime }).refine((time) => {
  const year = new Date(time).getUTCFullYear();
  return year >= 1 && year <= 9_999;
}, notATime);
