const wholeCharactersMax = 24;
const keptCharacters = 8;

/** A field's name as an answer may repeat it: one longer than any of ours may be a key in the wrong place, and is cut. */
export function toldName(name: string): string {
  return name.length <= wholeCharactersMax ? name : `${name.slice(0, keptCharacters)}…`;
}
