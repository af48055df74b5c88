/** The reserved organization whose keys are the platform defaults. */
export const platformOrganizationId = '00000000-0000-0000-0000-000000000000';
