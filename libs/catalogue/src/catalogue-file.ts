import { readFileSync } from 'node:fs';
import { AppError } from '#libs/errors';
import { pathText, type CatalogueProblem } from './catalogue-problem.js';
import { builtInCatalogue, Catalogue } from './catalogue.js';
import { isSection } from './config-parts.js';
import { extendable, ExtendedCatalogue } from './extended-catalogue.js';
import { JsonDocument } from './json-document.js';

const variable = 'LATCHKEY_CATALOGUE';

/**
 * The catalogue of the JSON file at `path`; without a path the built-in one. A file with `"extends": "built-in"` adds to
 * that, any other takes its place. Throws `invalid_configuration` with the line and column of everything that is wrong.
 */
export function readCatalogue(path: string | undefined): Catalogue {
  if (path === undefined) return Catalogue.load();
  const document = JsonDocument.parse(textOf(path));
  const { problems } = document;
  if (problems.length > 0) throw misconfigured(problems.map(({ at, message }) => `${at}: ${message}`));
  const { value } = document;
  if (isSection(value) && value.extends !== undefined && value.extends !== extendable) {
    throw misconfigured([`${document.positionOf(['extends'])}: extends: must be "${extendable}"`]);
  }
  const extended = ExtendedCatalogue.of(value, builtInCatalogue());
  const checked = Catalogue.check(extended.content);
  if (checked instanceof Catalogue) return checked;
  throw misconfigured(checked.map((problem) => problemText(problem, document, extended)));
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw misconfigured([`${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`]);
  }
}

function problemText(problem: CatalogueProblem, document: JsonDocument, extended: ExtendedCatalogue): string {
  const { path, message, rival } = problem;
  const place = (merged: CatalogueProblem['path']): string => {
    const own = extended.pathInFile(merged);
    return own ? pathText(own) : `the built-in ${pathText(merged)}`;
  };
  const sentence = `${place(path)}: ${message}${rival ? ` ${place(rival)}` : ''}`;
  const own = extended.pathInFile(path);
  return own ? `${document.positionOf(own)}: ${sentence}` : sentence;
}

function misconfigured(problems: string[]): AppError {
  const details = problems.map((problem) => `${variable}: ${problem}`);
  return new AppError('invalid', 'invalid_configuration', {
    message: `The configuration has ${details.length} problem(s):\n${details.map((line) => `  - ${line}`).join('\n')}`,
    details,
  });
}
