/** @file `planewise prepare`: reads a folder of DICOM files once into a store that training reads. */
import { type Command, Option } from 'commander';
import { listFiles } from '../data/files/files.node.ts';
import { type PrepareOptions, preparePlan } from '../data/prepare.ts';
import { checkGrid, defaultSize, defaultSpacingMm } from '../data/resample.ts';
import { expectStoreFolder, writeStore } from '../data/store.node.ts';
import { planStudies } from '../data/study/plan.ts';
import { seriesRows } from '../data/study/summary.ts';
import type { PreparedData, PreparedManifest } from '../data/types.ts';
import { type Findings, noteFindings } from './findings.ts';
import { note, plural, printJson, printTable } from './output.ts';
import { addStudyOptions, type StudyArguments, withStudyOptions } from './study.ts';

interface PrepareArguments extends StudyArguments {
  readonly out: string;
  readonly dtype?: NonNullable<PrepareOptions['dtype']>;
}

type Warn = NonNullable<PrepareOptions['onWarning']>;

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

interface Prepared {
  readonly data: PreparedData;
  readonly findings: Findings;
}

async function prepareFolder(folder: string, given: PrepareArguments, onWarning: Warn): Promise<Prepared> {
  const files = await listFiles(folder);
  await expectStoreFolder(given.out, folder);
  return withStudyOptions(folder, given, async (options) => {
    checkGrid(options.size ?? defaultSize, options.spacingMm ?? defaultSpacingMm);
    const plan = await planStudies(files, options);
    const dtype = given.dtype && { dtype: given.dtype };
    const data = await preparePlan(plan, { ...options, ...dtype, onWarning });
    const { skipped } = data.manifest;
    const { notices, ignored, outcomes } = plan;
    const planned = new Set(plan.skipped);
    const series = seriesRows(
      outcomes,
      skipped.filter((file) => !planned.has(file)),
    );
    return { data, findings: { notices, skipped, series, ignored } };
  });
}

async function run(folder: string, given: PrepareArguments): Promise<void> {
  const warnings = new Map<string, number>();
  const { data, findings } = await prepareFolder(folder, given, (_, { code }) => {
    warnings.set(code, (warnings.get(code) ?? 0) + 1);
  });
  await writeStore(given.out, data);
  report(given, data.manifest, warnings, findings);
}

function report(
  given: PrepareArguments,
  manifest: PreparedManifest,
  warnings: ReadonlyMap<string, number>,
  findings: Findings,
): void {
  const { images, referenceViews, size, spacingMm, targetView } = manifest;
  const rows = rowsOf(manifest);
  if (given.json) {
    printJson({
      store: given.out,
      targetView,
      referenceViews,
      size,
      spacingMm,
      subjects: rows,
      warnings: Object.fromEntries(warnings),
      ...findings,
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
  noteFindings(findings);
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
