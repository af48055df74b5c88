import { createHash } from 'node:crypto';
import type { Content, OpenApiDocument, Operation, Parameter, Response } from '#libs/openapi';
import { curlOf } from './curl-example.js';
import { docsPageStyle } from './docs-page.style.js';
import { codeIn, Html, html, prose } from './html.js';
import { fieldsTable } from './schema-table.js';

/** The page may load and run nothing; its one style is in it. */
export const docsPagePolicy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(docsPageStyle).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The document as a page that needs nothing else: no script, no other file. */
export function docsPageOf(document: OpenApiDocument): string {
  const { title, version, description } = document.info as Record<string, string>;
  const chapters = document.tags.map((tag) => ({ ...tag, operations: operationsOf(document, tag.name) }));
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} HTTP API</title>
        ${new Html(`<style>${docsPageStyle}</style>`)}
      </head>
      <body>
        <nav>
          <strong>${title} ${version}</strong>
          <a href="/api/v1/openapi.json">openapi.json</a>
          ${chapters.map(({ name, operations }) => html`<b>${name}</b>${operations.map(linkTo)}`)}
        </nav>
        <main>
          <h1>${title} HTTP API</h1>
          ${prose(description!)}
          ${chapters.map(
            ({ name, description: about, operations }) =>
              html`<h2>${name}</h2>
                ${prose(about)} ${operations.map((one) => operationSection(document, one))}
                ${webhooksIn(document, name)}`,
          )}
        </main>
      </body>
    </html>`;
  return page.text;
}

interface Located {
  method: string;
  path: string;
  operation: Operation;
}

function operationsOf({ paths }: OpenApiDocument, tag: string): Located[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([, operation]) => operation.tags.includes(tag))
      .map(([method, operation]) => ({ method, path, operation })),
  );
}

function linkTo({ method, path, operation }: Located): Html {
  return html`<a href="#${operation.operationId}" title="${operation.summary}">${method.toUpperCase()} ${path}</a>`;
}

function operationSection(document: OpenApiDocument, { method, path, operation }: Located): Html {
  const { parameters, requestBody, responses } = operation;
  const access = operation.security.flatMap((one) => Object.keys(one));
  return html`<details>
    <summary>
      <span class="method ${method}">${method.toUpperCase()}</span> <code>${path}</code> ${operation.summary}
    </summary>
    <div id="${operation.operationId}">
      ${prose(operation.description ?? '')}
      <p>
        ${access.length ? html`Token: ${codeIn(access.map((name) => `\`${name}\``).join(' or '))}` : 'No token needed.'}
      </p>
      <h4>Try</h4>
      <pre>${curlOf(method, path, operation)}</pre>
      ${parametersTable(parameters.map((one) => resolved<Parameter>(document, one)))}
      ${
        requestBody &&
        html`<h4>Body${requestBody.required ? '' : ' (may be absent)'}</h4>
          ${contentOf(document, requestBody.content)}`
      }
      ${Object.entries(responses).map(([status, response]) => answer(document, status, response))}
    </div>
  </details>`;
}

/** What we send by ourselves. */
function webhooksIn(document: OpenApiDocument, tag: string): Html[] {
  return Object.entries(document.webhooks)
    .filter(([, { post }]) => post.tags.includes(tag))
    .map(
      ([event, { post }]) =>
        html`<details>
          <summary><span class="method">sends</span> <code>${event}</code> ${post.summary}</summary>
          <div id="${post.operationId}">
            ${parametersTable(post.parameters.map((one) => resolved<Parameter>(document, one)))}
            <h4>Body</h4>
            ${contentOf(document, post.requestBody!.content)}
          </div>
        </details>`,
    );
}

function parametersTable(parameters: readonly Parameter[]): Html {
  return html`<h4>Parameters</h4>
    <table>
      ${parameters.map(
        ({ name, in: place, required, description, example }) =>
          html`<tr>
            <td><code>${name}</code></td>
            <td>${place}${required ? ', required' : ''}</td>
            <td>
              ${codeIn(description ?? '')}
              ${example !== undefined && html`<em>${typeof example === 'string' ? example : JSON.stringify(example)}</em>`}
            </td>
          </tr>`,
      )}
    </table>`;
}

function answer(document: OpenApiDocument, status: string, given: Operation['responses'][string]): Html {
  const { description, headers, content } = resolved<Response>(document, given);
  const codes = codesOf(content);
  if (codes.length > 0) return html`<p><b>${status}</b> ${codeIn(description)} ${codes}</p>`;
  return html`<h4>${status} ${codeIn(description)}</h4>
    <p>Headers: ${Object.keys(headers).join(', ')}</p>
    ${contentOf(document, content)}`;
}

/** The codes of a refusal, whose body is always the same. */
function codesOf(content: Content): Html[] {
  const [media] = Object.values(content);
  const parts = (media?.schema['allOf'] ?? []) as { properties?: { code?: { enum?: string[] } } }[];
  return parts.flatMap((part) => part.properties?.code?.enum ?? []).map((code) => html`<code>${code}</code> `);
}

function contentOf({ components }: OpenApiDocument, content: Content): Html[] {
  return Object.entries(content).map(
    ([mediaType, { schema, example }]) =>
      html`${mediaType === 'application/json' ? '' : html`<p>${mediaType}</p>`}
        ${fieldsTable(schema, components.schemas)}
        <pre>${typeof example === 'string' ? example : JSON.stringify(example, null, 2)}</pre>`,
  );
}

/** What a reference names, or the thing itself. */
function resolved<T extends object>(document: OpenApiDocument, given: T | { $ref: string }): T {
  if (!('$ref' in given)) return given;
  const [, , kind, name] = given.$ref.split('/') as [string, string, 'parameters' | 'responses', string];
  return document.components[kind][name] as T;
}
