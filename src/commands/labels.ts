/** @file `planewise labels`: the lines and relative locations that a folder's headers give, without reading a pixel. */

import type { Command } from 'commander';
import { plural } from '../base/words.ts';
import { listFiles } from '../data/files/files.node.ts';
import { type ImageLabel, labelStudies, type ReferenceLabel } from '../data/labels.ts';
import { noteFindings } from './findings.ts';
import { addExample } from './help.ts';
import { note, printJson, printTable } from './output.ts';
import { addStudyOptions, type StudyArguments, withStudyOptions } from './study.ts';
import type { Column } from './table.ts';

/** No sign before a zero. */
const decimals = (value: number, digits: number): string =>
  (Number(value.toFixed(digits)) + 0).toFixed(digits);

function lineText({ native, reason }: ReferenceLabel): string {
  if (!native) return reason?.code ?? 'none';
  return native.map((value, i) => decimals(value, i < 2 ? 4 : 2).padStart(i < 2 ? 7 : 8)).join(' ');
}

function columnsFor(views: readonly string[]): Column<ImageLabel>[] {
  return [
    { title: 'FILE', cell: (row) => row.file },
    { title: 'SUBJECT', cell: (row) => row.subject },
    { title: 'SLICE', cell: (row) => row.slice },
    { title: 'FRAME', cell: (row) => row.frame },
    { title: 'LOCATION', cell: (row) => row.location?.toFixed(4) ?? null },
    ...views.map((view) => ({
      title: `LINE ${view} (a b d)`,
      cell: (row: ImageLabel) => lineText(row.references[view]!),
    })),
  ];
}

/** Each kind of reason for a label that is missing: its code, as the table has it, and what the first of them says. */
export function reasonLines(images: readonly ImageLabel[]): string[] {
  const reasons = images.flatMap(({ references, locationReason }) => [
    ...Object.values(references).map(({ reason }) => reason),
    locationReason,
  ]);
  const first = new Map<string, string>();
  for (const reason of reasons) if (reason && !first.has(reason.code)) first.set(reason.code, reason.message);
  return [...first].map(([code, message]) => `${code}: ${message}`);
}

async function labels(folder: string, given: StudyArguments): Promise<void> {
  const files = await listFiles(folder);
  const found = await withStudyOptions(folder, given, (options) => labelStudies(files, options));
  if (given.json) return printJson(found);
  printTable(columnsFor(found.referenceViews), found.images);
  for (const line of reasonLines(found.images)) note(line);
  note(
    `${plural(found.images.length, 'image')} of ${found.targetView}; lines in original pixels, ax + by + d = 0`,
  );
  noteFindings(found);
}

export function addLabels(program: Command): void {
  const command = program
    .command('labels')
    .description('print the lines and slice locations that the headers of a folder of DICOM files give')
    .argument('<folder>', 'a folder of DICOM files, searched to any depth');
  addExample(command, 'labels study/ --target short-axis');
  addStudyOptions(command).action(labels);
}
