import { fallbackPolicies } from '#libs/keystore';
import { z } from 'zod';
import { nameText } from '../http/name.schema.js';
import { nextCursor, pageQuery } from '../http/page.schema.js';

const name = nameText.meta({ examples: ['Bay Dental'] });

/** `POST /organizations`. Existing clients may send more than we know. */
export const createOrganizationSchema = z
  .object({ name, parent_org_id: z.uuid('must be the id of an organization').nullish() })
  .meta({ examples: [{ name: 'Bay Dental' }] });
export type CreateOrganizationBody = z.infer<typeof createOrganizationSchema>;

/** The query of `GET /organizations`. */
export const listOrganizationsSchema = pageQuery(z.uuid('must be the next_cursor of an answer'), {
  standard: 1_000,
  max: 1_000,
}).extend({
  include_children: z
    .enum(['true', 'false', '1', '0'], 'must be true or false')
    .optional()
    .transform((given) => given === 'true' || given === '1'),
});
export type ListOrganizationsQuery = z.infer<typeof listOrganizationsSchema>;

/** `PATCH /organizations/:id`: what is absent stays as it is. */
export const changeOrganizationSchema = z
  .strictObject({
    name: name.optional(),
    default_fallback: z
      .enum(fallbackPolicies, `must be one of ${fallbackPolicies.join(', ')}, or null`)
      .nullable()
      .optional()
      .describe('For slots without a policy of their own; null: `when_missing`.'),
  })
  .refine((fields) => Object.keys(fields).length > 0, 'must set at least one of its fields');
export type ChangeOrganizationBody = z.infer<typeof changeOrganizationSchema>;

/** `PATCH /organizations/:id`. */
export const organizationAnswer = z
  .object({
    id: z.uuid(),
    name: z.string().meta({ examples: ['Bay Dental'] }),
    parent_org_id: z.uuid().optional().describe('Its agency.'),
    default_fallback: z
      .enum(fallbackPolicies)
      .describe('What becomes of calls whose slot has no key and no policy of its own.'),
    created_at: z.iso.datetime(),
  })
  .meta({ id: 'Organization' });
/** An organization as clients see it. */
export type OrganizationAnswer = z.infer<typeof organizationAnswer>;

/** `GET /organizations`. */
export const organizationsAnswer = z.object({ organizations: z.array(organizationAnswer), next_cursor: nextCursor });
export type OrganizationsAnswer = z.infer<typeof organizationsAnswer>;

/** `POST /organizations`. */
export const createdOrganizationAnswer = organizationAnswer
  .extend({
    api_key: z
      .string()
      .describe("The organization's token; it is shown this once.")
      .meta({ examples: ['lk_live_pJ4xV0yQm3kT9a2b_<secret>'] }),
  })
  .meta({ id: 'CreatedOrganization' });
export type CreatedOrganizationAnswer = z.infer<typeof createdOrganizationAnswer>;
