const form = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The id of an organization as it is stored, in small letters; undefined for a text that can be none. */
export function organizationIdFrom(text: string | undefined): string | undefined {
  const id = text?.toLowerCase();
  return id !== undefined && form.test(id) ? id : undefined;
}
