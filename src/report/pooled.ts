/** @file What the answers of folds come to in one list: tables of each initialisation, its seeds together. */

import type { PooledTables } from '../results/folds.ts';
import type { Table } from '../results/mark.ts';
import { counted, type Html, html, whole } from './html.ts';
import { tableOf } from './page.ts';

const titled = (table: Table): Html => html`<h4>${table.title}</h4><p>${table.about}</p>${tableOf(table)}`;

const arm = ({ initialisation, labelled, steps, runs, tables }: PooledTables): Html =>
  html`<details><summary>${initialisation}, ${whole(steps)} steps, ${labelled} labelled; ${counted(runs, 'run')} of all folds</summary><div>${tables.map(titled)}</div></details>`;

/** Nothing where no task puts its answers together. */
export function pooledSection(pooled: readonly PooledTables[]): Html {
  if (pooled.length === 0) return html``;
  const notes = [...new Set(pooled.flatMap((one) => one.notes))];
  return html`<section><h2>Folds pooled</h2>${notes.map((note) => html`<p>${note}</p>`)}<p>In these tables a subject counts once for each run of all folds.</p>
${pooled.map(arm)}</section>`;
}
