/** @file The frame of a report: a page that needs nothing else and may fetch nothing; tables of settings. */
import type { Table } from '../results/mark.ts';
import { Html, html } from './html.ts';
import { savingScript, savingStyle } from './saving.ts';
import { reportStyle } from './style.ts';

/** Nothing may be fetched, whatever a header in the data says. */
const policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

export interface Page {
  readonly title: string;
  /** What kind of report it is. */
  readonly kicker: string;
  /** The first paragraph. */
  readonly lead: string;
  /** Of this report, beside what all have. */
  readonly style: string;
  /** Below the first paragraph. */
  readonly head?: Html;
  readonly body: Html;
}

export function page({ title, kicker, lead, style, head, body }: Page): string {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}"><title>${title}</title>
<style>${new Html(style + savingStyle + reportStyle)}</style></head>
<body><main><header><p class="kicker">${kicker}</p><h1>${title}</h1><p class="lead">${lead}</p>${head}</header>
${body}
</main><script>${new Html(savingScript)}</script></body></html>
`.text;
}

/** Names and values as a table. */
export function pairs(rows: readonly (readonly [string, string])[], caption: string): Html {
  const body = rows.map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`);
  return html`<div><table><caption>${caption}</caption><tbody>${body}</tbody></table></div>`;
}

/** The rows and columns of a table of figures. */
export function tableOf({ columns, rows }: Table): Html {
  const heads = columns.map((name) => html`<th scope="col">${name}</th>`);
  const body = rows.map(([name, ...cells]) => {
    const own = cells.map((cell) => html`<td class="number">${cell}</td>`);
    return html`<tr><th scope="row">${name}</th>${own}</tr>`;
  });
  return html`<div class="scroll"><table>
<thead><tr>${heads}</tr></thead><tbody>${body}</tbody></table></div>`;
}

/** A table of figures. */
export const tableSection = (table: Table): Html =>
  html`<section><h2>${table.title}</h2><p>${table.about}</p>${tableOf(table)}</section>`;

/** Nested settings as dotted names: augmentation.rotationDeg. */
export function flattened(value: unknown, name = ''): [string, string][] {
  if (typeof value !== 'object' || value === null) return [[name, String(value ?? 'none')]];
  if (Array.isArray(value)) return [[name, value.length ? value.join(', ') : 'none']];
  return Object.entries(value).flatMap(([key, inner]) => flattened(inner, name ? `${name}.${key}` : key));
}
