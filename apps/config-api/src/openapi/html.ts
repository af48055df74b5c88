/** Text that is HTML already. */
export class Html {
  constructor(readonly text: string) {}
}

type Part = string | number | Html | undefined | false | readonly Part[];

/** HTML from a template; everything put in is escaped, except what is HTML already. */
export function html(strings: TemplateStringsArray, ...parts: Part[]): Html {
  return new Html(strings.map((text, n) => text + (n < parts.length ? textOf(parts[n]) : '')).join(''));
}

/** The little of Markdown that our descriptions use: paragraphs and `code`. */
export function prose(markdown: string): Html[] {
  return markdown.split(/\n{2,}/).map((paragraph) => html`<p>${codeIn(paragraph)}</p>`);
}

/** A line in which only `code` is marked. */
export function codeIn(line: string): Part[] {
  return line.split('`').map((text, n) => (n % 2 === 1 ? html`<code>${text}</code>` : text));
}

function textOf(part: Part): string {
  if (part === undefined || part === false) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'object') return part.map((inner) => textOf(inner)).join('');
  return String(part).replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
