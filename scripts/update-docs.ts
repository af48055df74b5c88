// Writes the documents that are made from the code: npm run docs:update
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { stringify } from 'yaml';
import { apiDocuments } from './docs/api-documents.js';
import { projectRoot } from './stack/stack-directory.js';

for (const { path, format: language, make } of apiDocuments) {
  const document: unknown = JSON.parse(JSON.stringify(make()));
  const text = language === 'json' ? JSON.stringify(document) : stringify(document, { aliasDuplicateObjects: false });
  const layout = await resolveConfig(join(projectRoot, path));
  writeFileSync(join(projectRoot, path), await format(text, { ...layout, parser: language }));
  console.log(`wrote ${path}`);
}
