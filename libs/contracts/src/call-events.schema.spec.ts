import { describe, expect, it } from '@jest/globals';
import { callStartedSchema } from './call-events.schema.js';

describe('the id of an organization in a call', () => {
  it('is read in lower case, however it was written', () => {
    const written = '0B54E3F2-6A1D-4C55-9A0E-2F2F6B0C7D11';
    const { organization_id: read } = callStartedSchema.parse({ call_id: 'call-1', organization_id: written });
    expect(read).toBe(written.toLowerCase());
  });
});
