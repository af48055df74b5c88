import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { configApiDocument } from './config-api-document.js';
import { docsPageOf, docsPagePolicy } from './docs-page.js';
import { html, prose } from './html.js';

describe('the page of the document', () => {
  const document = configApiDocument();
  const page = docsPageOf(document);

  it('loads nothing and runs nothing', () => {
    expect(page).not.toMatch(/<script|<link|<img|<iframe|\bsrc=|\bstyle=|@import|url\(/i);
    expect(page).not.toMatch(/href="(?!#|\/api\/v1\/openapi\.json")/);
  });

  it('has the one style that its policy allows', () => {
    const styles = [...page.matchAll(/<style>([\s\S]*?)<\/style>/g)].map(([, style]) => style!);
    const hashes = styles.map((style) => `'sha256-${createHash('sha256').update(style).digest('base64')}'`);
    expect(hashes).toHaveLength(1);
    expect(docsPagePolicy).toContain(`style-src ${hashes[0]};`);
  });

  it('has every operation, every field of its answer and every code of a refusal', () => {
    for (const item of Object.values(document.paths)) {
      for (const { operationId } of Object.values(item)) expect(page).toContain(`<div id="${operationId}">`);
    }
    for (const word of ['safe_to_delete', 'live_calls_by_version', 'key_rejected', 'epoch_mismatch']) {
      expect(page).toContain(`${word}</code>`);
    }
  });
});

describe('html', () => {
  it('escapes whatever is put in', () => {
    expect(html`<b>${'<i>"&\'</i>'}</b>`.text).toBe('<b>&#60;i&#62;&#34;&#38;&#39;&#60;/i&#62;</b>');
    expect(prose('a `<x>` b')[0]!.text).toBe('<p>a <code>&#60;x&#62;</code> b</p>');
  });
});
