/** @file What commands say at their end: what a user should know, what was skipped and warned of, and every series. */
import { plural } from '../base/words.ts';
import { endings, groupBy, openNumbers } from '../data/lists.ts';
import { skippedText } from '../data/scan.ts';
import type { SeriesRow } from '../data/study/summary.ts';
import type { Notice, SkippedFile } from '../data/types.ts';
import type { Warning } from '../data/warnings.ts';
import type { FolderNames } from '../run/identifiers.node.ts';
import { note, noteLines } from './output.ts';
import { type Column, formatTable } from './table.ts';

/** Skipped files that are listed one by one; of more, each kind is counted. */
const MOST_LISTED = 200;

export interface Findings {
  readonly notices: readonly Notice[];
  readonly skipped: readonly SkippedFile[];
  readonly series: readonly SeriesRow[];
  readonly ignored: readonly string[];
}

const lastFolder = ({ folder }: SeriesRow): string => openNumbers(folder.split('/').at(-1) ?? '');

/** Series that are alike in name, view and fate. */
interface AlikeRow {
  readonly folder: string;
  readonly description: string;
  readonly view: string | null;
  readonly series: number;
  readonly images: number;
  readonly used: number;
  readonly why: string;
}

function alikeRow(rows: readonly SeriesRow[]): AlikeRow {
  const sum = (key: 'images' | 'used'): number => rows.reduce((total, row) => total + row[key], 0);
  const counts = new Map<string, number>();
  for (const { reasons } of rows)
    for (const [code, count] of Object.entries(reasons)) counts.set(code, (counts.get(code) ?? 0) + count);
  return {
    folder: lastFolder(rows[0]!),
    description: openNumbers(rows[0]!.description ?? ''),
    view: rows[0]!.view,
    series: rows.length,
    images: sum('images'),
    used: sum('used'),
    why: [...counts].map(([code, count]) => `${count} ${code}`).join(', '),
  };
}

const columns: readonly Column<AlikeRow>[] = [
  { title: 'SERIES', cell: ({ series }) => series },
  { title: 'FOLDER', cell: ({ folder }) => folder },
  { title: 'DESCRIPTION', cell: ({ description }) => description || null },
  { title: 'VIEW', cell: ({ view }) => view },
  { title: 'IMAGES', cell: ({ images }) => images },
  { title: 'USED', cell: ({ used }) => used },
  { title: 'WHY NOT', cell: ({ why }) => why || null },
];

/** Every series of a folder, those alike in one row: how many images, how many used, why not the others. */
function seriesTable(rows: readonly SeriesRow[]): string {
  const alike = groupBy(rows, (row) =>
    JSON.stringify([
      lastFolder(row),
      openNumbers(row.description ?? ''),
      row.view,
      Object.keys(row.reasons).sort(),
    ]),
  );
  return formatTable(columns, [...alike.values()].map(alikeRow));
}

/** What the codes in the table mean that no skipped file explains. */
const meanings: Readonly<Record<string, string>> = {
  VIEW_UNKNOWN: 'neither folder nor description names a view; --map says which it is',
  VIEW_NOT_ASKED: 'the view is neither the target nor a reference; --reference asks for it',
  OTHER_SLICE: 'another slice of the stack stands for the reference view',
  NO_TARGET: 'the subject has no image of the target view',
};

/** Where pseudonyms are read that were written. */
export function noteNames({ key }: FolderNames): void {
  if (key)
    note(
      `Names are pseudonyms; whom they stand for is in ${key.path}, which is for nobody who may not know.`,
    );
}

/** Lists skipped files with their reasons. */
export function noteSkipped(skipped: readonly SkippedFile[]): void {
  if (skipped.length > 0) note(`${plural(skipped.length, 'file')} skipped:`);
  for (const file of skipped.slice(0, MOST_LISTED)) note(`  ${file.reason.code}  ${skippedText(file)}`);
  const rest = groupBy(skipped.slice(MOST_LISTED), ({ reason }) => reason.code);
  for (const [code, files] of rest)
    note(`  ${code}  and ${plural(files.length, 'file')} more; --json lists all`);
}

/** A line for each kind of warning. */
export function noteWarnings(warnings: readonly Warning[]): void {
  for (const { code, count, file, message } of warnings)
    note(`${code}: ${plural(count, 'time')}, first ${file}: ${message}`);
}

/**
 * Says at the end of a pass what became of every file of a folder.
 * @param kind what the files are that were read
 */
export function noteFindings({ notices, skipped, series, ignored }: Findings, kind = 'DICOM'): void {
  for (const { message } of notices) note(message);
  if (notices.some(({ code }) => code === 'SUBJECT_GUESSED'))
    note('--subjects folder takes each folder as a subject, --subjects patient goes by PatientID alone.');
  noteSkipped(skipped);
  const are = ignored.length === 1 ? 'is' : 'are';
  if (ignored.length > 0)
    note(`${plural(ignored.length, 'file')} that ${are} not ${kind}: ${endings(ignored)}`);
  if (series.length === 0) return;
  noteLines(`\n${seriesTable(series)}`);
  const codes = new Set(series.flatMap(({ reasons }) => Object.keys(reasons)));
  for (const [code, meaning] of Object.entries(meanings)) if (codes.has(code)) note(`${code}: ${meaning}`);
}
