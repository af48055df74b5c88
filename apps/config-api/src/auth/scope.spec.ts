import { describe, expect, it } from '@jest/globals';
import { assertScope, includesScope, scopes, scopesOf } from './scope.js';

describe('scopes', () => {
  it('who writes keys may read them, and nothing else follows from anything', () => {
    for (const held of scopes) {
      const included = scopes.filter((scope) => includesScope([held], scope));
      expect(included).toEqual(held === 'byok:write' ? ['byok:read', 'byok:write'] : [held]);
    }
  });

  it('a refusal names the scope that is missing', () => {
    expect(() => assertScope(['byok:read'], ['byok:write'])).toThrow('The token needs the scope byok:write.');
    expect(() => assertScope([], ['byok:read', 'assistants:write'])).toThrow('byok:read or assistants:write');
    expect(() => assertScope(['assistants:write'], ['byok:read', 'assistants:write'])).not.toThrow();
  });

  it('unknown words in the database open nothing', () => {
    expect(scopesOf(['admin', 'root', 'byok:read'])).toEqual(['byok:read', 'admin']);
  });
});
