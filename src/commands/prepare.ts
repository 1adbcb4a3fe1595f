/** @file `planewise prepare`: reads a folder of DICOM files once into a store that training reads. */
import { type Command, Option } from 'commander';
import { listFiles } from '../data/files.node.ts';
import { type PrepareOptions, prepare } from '../data/prepare.ts';
import { expectStoreFolder, writeStore } from '../data/store.node.ts';
import type { PreparedManifest } from '../data/types.ts';
import { note, plural, printJson, printTable } from './output.ts';
import { addStudyOptions, noteSkipped, type StudyArguments, withStudyOptions } from './study.ts';

interface PrepareArguments extends StudyArguments {
  readonly out: string;
  readonly dtype?: NonNullable<PrepareOptions['dtype']>;
}

interface SubjectRow {
  readonly subject: string;
  readonly images: number;
  readonly withLocation: number;
  readonly lines: Readonly<Record<string, number>>;
}

function rowsOf({ images, referenceViews }: PreparedManifest): SubjectRow[] {
  const subjects = [...new Set(images.map(({ subject }) => subject))].sort();
  return subjects.map((subject) => {
    const own = images.filter((image) => image.subject === subject);
    const lines = referenceViews.map((view, i) => [view, own.filter((image) => image.lines[i]).length]);
    const withLocation = own.filter(({ location }) => location !== null).length;
    return { subject, images: own.length, withLocation, lines: Object.fromEntries(lines) };
  });
}

async function run(folder: string, given: PrepareArguments): Promise<void> {
  const files = await listFiles(folder);
  await expectStoreFolder(given.out, folder);
  const warnings = new Map<string, number>();
  const onWarning: PrepareOptions['onWarning'] = (_, { code }) =>
    warnings.set(code, (warnings.get(code) ?? 0) + 1);
  const data = await withStudyOptions(folder, given, (options) =>
    prepare(files, { ...options, ...(given.dtype && { dtype: given.dtype }), onWarning }),
  );
  await writeStore(given.out, data);
  report(given, data.manifest, warnings);
}

function report(given: PrepareArguments, manifest: PreparedManifest, warnings: Map<string, number>): void {
  const { images, referenceViews, size, spacingMm, skipped, targetView } = manifest;
  const rows = rowsOf(manifest);
  if (given.json) {
    const counts = Object.fromEntries(warnings);
    printJson({
      store: given.out,
      targetView,
      referenceViews,
      size,
      spacingMm,
      subjects: rows,
      warnings: counts,
      skipped,
    });
    return;
  }
  printTable(
    [
      { title: 'SUBJECT', cell: (row: SubjectRow) => row.subject },
      { title: 'IMAGES', cell: (row) => row.images },
      { title: 'LOCATIONS', cell: (row) => row.withLocation },
      ...referenceViews.map((view) => ({
        title: `LINES ${view}`,
        cell: (row: SubjectRow) => row.lines[view]!,
      })),
    ],
    rows,
  );
  note(
    `${given.out}: ${plural(images.length, 'image')} of ${targetView}, ${size}×${size} at ${spacingMm} mm`,
  );
  for (const [code, count] of warnings) note(`${code}: ${plural(count, 'time')}`);
  noteSkipped(skipped);
}

export function addPrepare(program: Command): void {
  const command = program
    .command('prepare')
    .description('read a folder of DICOM files once into a store that training reads')
    .argument('<folder>', 'a folder of DICOM files, searched to any depth')
    .requiredOption('--out <store>', 'the folder to write; an older store there is replaced')
    .addOption(
      new Option('--dtype <type>', 'precision of the stored pixels (default: f32)').choices(['f32', 'f16']),
    );
  addStudyOptions(command).action(run);
}
