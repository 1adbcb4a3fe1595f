/** @file What became of a folder's images, series by series. */

import { groupBy } from '../lists.ts';
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

function rowOf(outcomes: readonly Outcome[], failed: ReadonlyMap<string, string>): SeriesRow {
  const { image, subject, view } = outcomes[0]!;
  const reasons: Record<string, number> = {};
  for (const { reason, image: own } of outcomes) {
    const code = reason?.code ?? failed.get(nameOf(own.source.path, own.header.fileFrame));
    if (code) reasons[code] = (reasons[code] ?? 0) + 1;
  }
  const left = Object.values(reasons).reduce((sum, count) => sum + count, 0);
  return {
    subject,
    folder: folderOf(image.source.path),
    number: image.header.seriesNumber,
    description: image.header.seriesDescription,
    view,
    images: outcomes.length,
    used: outcomes.length - left,
    reasons,
  };
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
export function seriesRows(outcomes: readonly Outcome[], failed: readonly SkippedFile[] = []): SeriesRow[] {
  const codes = new Map(failed.map(({ file, fileFrame, reason }) => [nameOf(file, fileFrame), reason.code]));
  const series = groupBy(outcomes, ({ image, subject, view }) =>
    JSON.stringify([subject, seriesOf(image), view]),
  );
  return [...series.values()].map((own) => rowOf(own, codes));
}
