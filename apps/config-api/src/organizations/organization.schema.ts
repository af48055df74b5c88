import { z } from 'zod';

/** `POST /organizations`. */
export const createOrganizationSchema = z.strictObject({
  name: z
    .string('must be a string')
    .trim()
    .min(1, 'must not be empty')
    .max(200, 'must have at most 200 characters')
    .regex(/^\P{Cc}*$/u, 'must not have control characters'),
  parent_org_id: z.uuid('must be the id of an organization').nullish(),
});
export type CreateOrganizationBody = z.infer<typeof createOrganizationSchema>;

/** The query of `GET /organizations`. */
export const listOrganizationsSchema = z.object({
  include_children: z.enum(['true', 'false', '1', '0'], 'must be true or false').optional(),
});
export type ListOrganizationsQuery = z.infer<typeof listOrganizationsSchema>;
