import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const sourceFile = /\.[cm]?[jt]sx?$/;
const notSource = new Set(['node_modules', 'dist']);

/**
 * Every source file below the given folders of `root`:
 * `{path, imports: [{specifier, line}], readsEnv: [line]}`, paths relative to `root` with forward slashes.
 */
export function readSources(root, folders) {
  return folders.flatMap((folder) => listFiles(root, folder)).map((path) => readSource(root, path));
}

function listFiles(root, folder) {
  const entries = readdirSync(join(root, folder), { withFileTypes: true });
  return entries.flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return notSource.has(entry.name) ? [] : listFiles(root, path);
    return sourceFile.test(entry.name) ? [path] : [];
  });
}

function readSource(root, path) {
  const file = ts.createSourceFile(path, readFileSync(join(root, path), 'utf8'), ts.ScriptTarget.Latest, true);
  const lineOf = (node) => file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1;
  const imports = [];
  const readsEnv = [];
  const visit = (node) => {
    const specifier = specifierOf(node);
    if (specifier) imports.push({ specifier: specifier.text, line: lineOf(specifier) });
    if (isEnvRead(node)) readsEnv.push(lineOf(node));
    ts.forEachChild(node, visit);
  };
  visit(file);
  return { path, imports, readsEnv };
}

/** The module named by an import or export, static or dynamic, of values or of types. */
function specifierOf(node) {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return literal(node.moduleSpecifier);
  if (ts.isExternalModuleReference(node)) return literal(node.expression);
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return literal(node.argument.literal);
  if (ts.isCallExpression(node) && isImportCall(node.expression)) return literal(node.arguments[0]);
  return undefined;
}

function isImportCall(callee) {
  return callee.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(callee) && callee.text === 'require');
}

function literal(node) {
  return node && ts.isStringLiteralLike(node) ? node : undefined;
}

/** `process.env`, `process['env']`, `const { env } = process` and `import { env } from 'node:process'`. */
function isEnvRead(node) {
  if (ts.isPropertyAccessExpression(node)) return isProcess(node.expression) && node.name.text === 'env';
  if (ts.isElementAccessExpression(node)) {
    return isProcess(node.expression) && literal(node.argumentExpression)?.text === 'env';
  }
  if (ts.isBindingElement(node)) {
    return isProcess(node.parent.parent.initializer) && nameOf(node) === 'env';
  }
  return ts.isImportSpecifier(node) && importsProcess(node.parent.parent.parent) && nameOf(node) === 'env';
}

function isProcess(node) {
  if (!node) return false;
  if (ts.isPropertyAccessExpression(node))
    return node.name.text === 'process' && node.expression.getText() === 'globalThis';
  return ts.isIdentifier(node) && node.text === 'process';
}

function importsProcess(declaration) {
  return /^(node:)?process$/.test(literal(declaration.moduleSpecifier)?.text ?? '');
}

function nameOf(node) {
  return (node.propertyName ?? node.name).text;
}
