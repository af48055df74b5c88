import type { z } from 'zod';

/** More than these would hide the sentence that they end. */
const fieldsMax = 12;

/** The fields that the object of a schema has, behind defaults and transforms; none for another schema or too many. */
export function knownFieldsOf(schema: z.core.$ZodType): string[] {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case 'object': {
      const fields = Object.keys(def.shape);
      return fields.length > fieldsMax ? [] : fields;
    }
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
      return knownFieldsOf(def.innerType);
    case 'pipe':
      return knownFieldsOf((def.in as z.core.$ZodTypes)._zod.def.type === 'transform' ? def.out : def.in);
    default:
      return [];
  }
}
