import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { standaloneConfigSchema } from './app.config.js';
import { asksForHelp, flagsIn, helpText } from './command-line.js';

const app = {
  name: 'spec',
  about: 'is tried',
  schema: z.object({ A: z.string().describe('the first'), LONG_NAME: z.string().describe('the second') }),
  flags: { '--with-x': 'does x' },
};

describe('what stands behind a command', () => {
  it('is known', () => {
    expect([...flagsIn(['--with-x'], app)]).toEqual(['--with-x']);
    expect(flagsIn([], { name: 'spec', about: 'is tried', schema: z.object({}) }).size).toBe(0);
    expect([asksForHelp(['--with-x', '-h']), asksForHelp(['--help']), asksForHelp(['--with-x'])]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it.each([['--with-xs'], ['--with-x', '--nonsense'], ['nonsense'], ['']])(
    'is refused with what is known: %j',
    (...given) => {
      expect(() => flagsIn(given, app)).toThrow(/known: --with-x, --help\./);
    },
  );

  it('is not repeated where it may be a secret', () => {
    expect(() => flagsIn(['--admin-token=abc'], app)).toThrow('Nothing here is called --admin-token=…; known: ');
  });
});

describe('the help', () => {
  it('says how to start, and has a column of names and one of what they are', () => {
    expect(helpText(app, `${process.cwd()}/dist/main.js`)).toBe(
      [
        'spec: is tried',
        '',
        'Usage: node dist/main.js [--with-x] [--help]',
        '',
        '  --with-x  does x',
        '  --help    prints this',
        '',
        'Environment variables (each also as <NAME>_FILE, the path of a file with the value):',
        '  A          the first',
        '  LONG_NAME  the second',
        '',
      ].join('\n'),
    );
  });

  it('has a space behind every name, however long it is', () => {
    for (const line of helpText({ ...app, schema: standaloneConfigSchema }, 'main.js').matchAll(/^ {2}[A-Z].*$/gm)) {
      expect(line[0]).toMatch(/^ {2}[A-Z_]+ {2,}\S/);
    }
  });
});
