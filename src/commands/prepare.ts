/** @file `planewise prepare`: reads a folder of images once into a store that training reads. */

import { type Command, Option } from 'commander';
import { plural } from '../base/words.ts';
import { listFiles } from '../data/files/files.node.ts';
import { lockFolder, whileLocked } from '../data/files/lock.node.ts';
import { groupNames } from '../data/groups.ts';
import { expectWholeCohort } from '../data/phantom.node.ts';
import type { PrepareOptions } from '../data/prepare.ts';
import { type Opened, openFiles } from '../data/sources/open.ts';
import type { MaskOptions } from '../data/sources/source.ts';
import { expectStoreFolder, writeStore } from '../data/store.node.ts';
import { type Warning, Warnings } from '../data/warnings.ts';
import { sourceInfos } from '../run/records.ts';
import { noteFindings, noteWarnings } from './findings.ts';
import { note, printJson, printTable } from './output.ts';
import { subjectColumns, subjectRows } from './prepared.ts';
import { addStudyOptions, type StudyArguments, withStudyOptions } from './study.ts';

interface PrepareArguments extends StudyArguments {
  readonly out: string;
  readonly source?: string;
  readonly emptySlices?: NonNullable<MaskOptions['emptySlices']>;
  readonly classes?: readonly string[];
  readonly dtype?: NonNullable<PrepareOptions['dtype']>;
}

type Warn = NonNullable<PrepareOptions['onWarning']>;

async function openFolder(folder: string, given: PrepareArguments, onWarning: Warn): Promise<Opened> {
  await expectWholeCohort(folder);
  const files = await listFiles(folder);
  const { source, emptySlices, classes, dtype } = given;
  const masks = { ...(emptySlices && { emptySlices }), ...(classes && { classes }) };
  const own = { ...(source && { source }), ...masks, ...(dtype && { dtype }) };
  return withStudyOptions(folder, given, (options) => openFiles(files, { ...options, ...own, onWarning }));
}

async function run(folder: string, given: PrepareArguments): Promise<void> {
  const warnings = new Warnings();
  await expectStoreFolder(given.out, folder);
  const opened = await whileLocked(await lockFolder(given.out), async (lock) => {
    const found = await openFolder(folder, given, warnings.add);
    await lock.check();
    await writeStore(given.out, found.data);
    return found;
  });
  if (given.json) reportJson(given.out, opened, warnings.list);
  else report(given.out, opened, warnings.list);
}

function reportJson(store: string, opened: Opened, warnings: readonly Warning[]): void {
  const { data, source, notices, series, ignored } = opened;
  const { targetView, referenceViews, size, spacingMm, classes, skipped } = data.manifest;
  printJson({
    store,
    ...(source !== 'dicom' && { source }),
    targetView,
    referenceViews,
    ...(classes && { classes }),
    size,
    spacingMm,
    subjects: subjectRows(data),
    warnings: Object.fromEntries(warnings.map(({ code, count }) => [code, count])),
    notices,
    skipped,
    series,
    ignored,
  });
}

function report(store: string, opened: Opened, warnings: readonly Warning[]): void {
  const { data, kind } = opened;
  const { images, size, spacingMm, targetView, classes, skipped } = data.manifest;
  printTable(subjectColumns(data), subjectRows(data));
  note(`${store}: ${plural(images.length, 'image')} of ${targetView}, ${size}×${size} at ${spacingMm} mm`);
  if (classes) note(`classes: ${classes.join(', ')}`);
  for (const [label, names] of Object.entries(groupNames(data.manifest)))
    note(`${label}: ${names.join(', ')}`);
  noteWarnings(warnings);
  noteFindings({ ...opened, skipped }, kind);
}

export function addPrepare(program: Command): void {
  const command = program
    .command('prepare')
    .description('read a folder of images once into a store that training reads')
    .argument(
      '<folder>',
      'a folder of DICOM files, or of volumes laid out as ACDC or MRNet, searched to any depth',
    )
    .requiredOption('--out <store>', 'the folder to write; an older store there is replaced')
    .addOption(
      new Option('--source <name>', 'what to read where a folder holds several kinds of images').choices(
        sourceInfos().map(({ name }) => name),
      ),
    )
    .addOption(
      new Option(
        '--empty-slices <what>',
        'what slices without any label are, in volumes that have labels (default: unknown)',
      ).choices(['unknown', 'background']),
    )
    .option(
      '--classes <names>',
      'the only classes to tell apart, with commas between; what is labelled otherwise is background (default: all)',
      (text) => text.split(',').map((name) => name.trim()),
    )
    .addOption(
      new Option('--dtype <type>', 'precision of the stored pixels (default: f32)').choices(['f32', 'f16']),
    );
  addStudyOptions(command).action(run);
}
