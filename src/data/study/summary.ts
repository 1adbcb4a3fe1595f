/** @file What became of a folder's images, series by series. */

import { folderOf, seriesOf } from '../scan.ts';
import type { SkippedFile } from '../types.ts';
import type { Outcome } from './plan.ts';

/** One series of one subject, as far as it is of one view. */
export interface SeriesRow {
  readonly subject: string;
  readonly folder: string;
  readonly number: number | null;
  readonly description: string | null;
  readonly view: string | null;
  readonly images: number;
  /** Images labelled, or whose plane is used. */
  readonly used: number;
  /** Why the others are not: how many by the reason's code. */
  readonly reasons: Readonly<Record<string, number>>;
}

const nameOf = (file: string, frame: number | null | undefined): string => `${file}#${frame ?? ''}`;

/** A row as it is counted. */
type Counted = SeriesRow & { images: number; used: number; readonly reasons: Record<string, number> };

function emptyRow({ image, subject, view }: Omit<Outcome, 'space'>): Counted {
  const { seriesNumber: number, seriesDescription: description } = image.header;
  const folder = folderOf(image.source.path);
  return { subject, folder, number, description, view, images: 0, used: 0, reasons: {} };
}

/**
 * A row for each series and view, in order of appearance.
 * @param failed target images that could not be decoded in the end
 * @example
 * const header = { seriesUid: '1', seriesNumber: 4, seriesDescription: 'cine sax' };
 * const image = { source: { path: 'sax/a.dcm' }, header };
 * const used = { image, subject: 'A', view: 'short-axis', reason: null };
 * const [row] = data.seriesRows([used, { ...used, reason: { code: 'REPEATED_VIEW', message: 'Acquired again.' } }]);
 * [row.folder, row.images, row.used, row.reasons]; // ["sax",2,1,{"REPEATED_VIEW":1}]
 */
export function seriesRows(
  outcomes: Iterable<Omit<Outcome, 'space'>>,
  failed: readonly SkippedFile[] = [],
): SeriesRow[] {
  const codes = new Map(failed.map(({ file, fileFrame, reason }) => [nameOf(file, fileFrame), reason.code]));
  const rows = new Map<string, Counted>();
  for (const seen of outcomes) {
    const { image, subject, view, reason } = seen;
    const key = JSON.stringify([subject, seriesOf(image), view]);
    const row = rows.get(key) ?? emptyRow(seen);
    rows.set(key, row);
    row.images++;
    const code = reason?.code ?? codes.get(nameOf(image.source.path, image.header.fileFrame));
    if (code) row.reasons[code] = (row.reasons[code] ?? 0) + 1;
    else row.used++;
  }
  return [...rows.values()];
}
