import { randomBytes } from 'node:crypto';

/** One thing that a store holds, and where. */
export interface Content {
  where: string;
  bytes: Buffer;
}

/** A planted secret that was found, in one of the forms it may have taken. */
export interface Sighting {
  where: string;
  marker: string;
  form: string;
}

/** Secrets with a recognizable part, and the search for that part in whatever form it may have taken. */
export class Canary {
  /** What all markers begin with: it is searched for first. */
  private readonly stem = `canary${randomBytes(6).toString('hex')}`;
  private readonly stemForms = formsOf(this.stem);
  private readonly markers: string[] = [];

  /**
   * A new API key that looks like a provider's. Its marker is in the middle: the first and last characters, which
   * people are shown to recognize a key by, do not count.
   */
  plant(prefix = ''): string {
    const marker = `${this.stem}${randomBytes(6).toString('hex')}`;
    this.markers.push(marker);
    return `${prefix}${marker}${randomBytes(4).toString('hex')}`;
  }

  get plantedCount(): number {
    return this.markers.length;
  }

  /** Every marker in every content, whatever its form; of a part of one only what all begin with. */
  search(contents: Iterable<Content>): Sighting[] {
    const sightings: Sighting[] = [];
    for (const { where, bytes } of contents) {
      for (const { form, bytes: needle } of this.stemForms) {
        const haystack = form.startsWith('base64') ? bytes : lowerCaseOf(bytes);
        if (!haystack.includes(needle)) continue;
        const whole = this.markers.filter((marker) => {
          const forms = formsOf(marker).filter((candidate) => candidate.form === form);
          return forms.some((candidate) => haystack.includes(candidate.bytes));
        });
        sightings.push(...(whole.length > 0 ? whole : [this.stem]).map((marker) => ({ where, marker, form })));
      }
    }
    return sightings;
  }
}

/** Of hexadecimal digits either case counts. */
function lowerCaseOf(bytes: Buffer): Buffer {
  return Buffer.from(bytes.toString('latin1').toLowerCase(), 'latin1');
}

export const formNames = ['plain', 'reversed', 'utf16', 'hex', 'base64 at 0', 'base64 at 1', 'base64 at 2'] as const;
export type FormName = (typeof formNames)[number];

/** The text in one of the forms that are searched for, with more around it as in a store. */
export function disguise(text: string, form: FormName): Buffer {
  switch (form) {
    case 'plain':
      return Buffer.from(`{"key":"${text}"}`);
    case 'reversed':
      return Buffer.from(`(${[...text].toReversed().join('')})`);
    case 'utf16':
      return Buffer.from(text, 'utf16le');
    case 'hex':
      return Buffer.from(Buffer.from(`<${text}>`).toString('hex').toUpperCase());
    default:
      return Buffer.from(Buffer.from(`${'x'.repeat(Number(form.at(-1)))}${text}yyy`).toString('base64'));
  }
}

/** The part of every form that does not depend on what stands around the marker. Base64url is base64 for these texts. */
function formsOf(marker: string): { form: FormName; bytes: Buffer }[] {
  const bytes = Buffer.from(marker);
  const base64At = (offset: number): Buffer => {
    const wholeTriples = bytes.subarray((3 - offset) % 3);
    return Buffer.from(wholeTriples.subarray(0, wholeTriples.length - (wholeTriples.length % 3)).toString('base64'));
  };
  return [
    { form: 'plain', bytes },
    { form: 'reversed', bytes: Buffer.from([...marker].toReversed().join('')) },
    { form: 'utf16', bytes: Buffer.from(marker, 'utf16le') },
    { form: 'hex', bytes: Buffer.from(bytes.toString('hex')) },
    { form: 'base64 at 0', bytes: base64At(0) },
    { form: 'base64 at 1', bytes: base64At(1) },
    { form: 'base64 at 2', bytes: base64At(2) },
  ];
}
