/** @file `planewise prepare`: reads a folder of images once into a store that training reads. */

import type { Command } from 'commander';
import { ConfigError } from '../base/errors.ts';
import { quoted } from '../base/shell.ts';
import { plural } from '../base/words.ts';
import { prepareStore } from '../data/comingstore.node.ts';
import { decodeInThreads } from '../data/decoding.node.ts';
import type { Decoder } from '../data/decoding.ts';
import { listFiles } from '../data/files/files.node.ts';
import { lockFolder, whileLocked } from '../data/files/lock.node.ts';
import { groupNames } from '../data/groups.ts';
import type { Identifiers } from '../data/identifiers/pseudonyms.ts';
import { plainNotices } from '../data/identifiers/reasons.ts';
import { expectWholeCohort } from '../data/phantom.node.ts';
import type { PrepareOptions } from '../data/prepare.ts';
import { type Opened, openFiles } from '../data/sources/open.ts';
import { emptySliceChoices, type MaskOptions } from '../data/sources/source.ts';
import { expectStoreFolder } from '../data/store.node.ts';
import type { SeriesRow } from '../data/study/summary.ts';
import type { SkippedFile } from '../data/types.ts';
import { type Warning, Warnings } from '../data/warnings.ts';
import { tasksLearningFrom } from '../run/config.ts';
import { expectNames, namedData, namesLine } from '../run/identifiers.node.ts';
import { sourceInfos } from '../run/sourceinfos.ts';
import { Option } from './commandline.ts';
import { noteFindings, noteWarnings } from './findings.ts';
import { addExample, orElse } from './help.ts';
import { note, parseCount, printJson, printTable, suggest } from './output.ts';
import { subjectColumns, subjectRows } from './prepared.ts';
import { addStudyOptions, identifiersOption, type StudyArguments, withStudyOptions } from './study.ts';

interface PrepareArguments extends StudyArguments {
  readonly out: string;
  readonly source?: string;
  readonly emptySlices?: NonNullable<MaskOptions['emptySlices']>;
  readonly classes?: readonly string[];
  readonly dtype?: NonNullable<PrepareOptions['dtype']>;
  readonly identifiers: Identifiers;
  readonly jobs?: number;
}

type How = Pick<PrepareOptions, 'onWarning' | 'into' | 'decode'>;

async function openFolder(folder: string, given: PrepareArguments, how: How): Promise<Opened> {
  await expectWholeCohort(folder);
  const files = await listFiles(folder);
  const { source, emptySlices, classes, dtype } = given;
  const masks = { ...(emptySlices && { emptySlices }), ...(classes && { classes }) };
  const own = { ...(source && { source }), ...masks, ...(dtype && { dtype }) };
  return withStudyOptions(folder, given, (options) => openFiles(files, { ...options, ...own, ...how }));
}

/** @throws ConfigError where there are no threads to be had */
function decoderOf({ jobs = 1 }: PrepareArguments, worker: URL | null): Decoder | undefined {
  if (jobs === 1) return undefined;
  if (!worker) throw new ConfigError('This program has no threads of its own. Leave out --jobs.');
  return decodeInThreads(worker, jobs);
}

async function run(folder: string, given: PrepareArguments, worker: URL | null): Promise<void> {
  const warnings = new Warnings();
  await expectStoreFolder(given.out, folder);
  await expectNames(folder, given.identifiers);
  const decode = decoderOf(given, worker);
  const opened = await whileLocked(await lockFolder(given.out), (lock) =>
    prepareStore(
      given.out,
      async (into) => {
        const how = { into, onWarning: warnings.add, ...(decode && { decode }) };
        const found = await openFolder(folder, given, how);
        const data = await namedData(found.data, folder, given.identifiers);
        return { ...found, data, skipped: found.data.manifest.skipped };
      },
      () => lock.check(),
    ),
  );
  if (given.json) reportJson(given.out, opened, warnings.list);
  else report(given.out, opened, warnings.list);
  const names = await namesLine(opened.data.manifest);
  if (names) note(names);
}

/** What was opened; its data go by the names that the store has, all else by those of the folder. */
interface Named extends Opened {
  readonly skipped: readonly SkippedFile[];
}

/** A series without what may name somebody. */
const plainSeries = ({ subject: _, folder: __, description: ___, ...series }: SeriesRow): object => series;

function reportJson(store: string, opened: Named, warnings: readonly Warning[]): void {
  const { data, source, notices, series, ignored } = opened;
  const { targetView, referenceViews, size, spacingMm, classes, skipped, identifiers } = data.manifest;
  const plain = identifiers === 'pseudonyms';
  printJson({
    store,
    identifiers,
    ...(source !== 'dicom' && { source }),
    targetView,
    referenceViews,
    ...(classes && { classes }),
    size,
    spacingMm,
    subjects: subjectRows(data),
    warnings: Object.fromEntries(warnings.map(({ code, count }) => [code, count])),
    notices: plain ? plainNotices(notices) : notices,
    skipped,
    series: plain ? series.map(plainSeries) : series,
    ignored: plain ? ignored.length : ignored,
  });
}

function report(store: string, opened: Named, warnings: readonly Warning[]): void {
  const { data, kind } = opened;
  const { images, size, spacingMm, targetView, classes, groups } = data.manifest;
  printTable(subjectColumns(data), subjectRows(data));
  note(`${store}: ${plural(images.length, 'image')} of ${targetView}, ${size}×${size} at ${spacingMm} mm`);
  if (classes) note(`classes: ${classes.join(', ')}`);
  for (const [label, names] of Object.entries(groupNames(data.manifest)))
    note(`${label}: ${names.join(', ')}`);
  noteWarnings(warnings);
  noteFindings(opened, kind);
  const task = classes ? '' : ` --task ${tasksLearningFrom('groups')[0]}`;
  suggest(`${classes || groups ? `finetune${task}` : 'pretrain'} --data ${quoted(store)} --out <folder>`);
}

/** @param worker as of `planewise` */
export function addPrepare(program: Command, worker: URL | null = null): void {
  const command = program
    .command('prepare')
    .description('read a folder of images once into a store that training reads')
    .argument(
      '<folder>',
      'a folder of DICOM files, of volumes laid out as ACDC or MRNet, or of colour frames (PNG, JPEG), searched to any depth',
    )
    .requiredOption('--out <store>', 'the folder to write; an older store there is replaced')
    .addOption(
      new Option(
        '--source <name>',
        orElse('what to read where a folder holds several kinds of images', 'the first of these'),
      ).choices(sourceInfos().map(({ name }) => name)),
    )
    .addOption(
      new Option(
        '--empty-slices <what>',
        'what slices without any label are, in volumes that have labels (default: unknown)',
      ).choices(emptySliceChoices),
    )
    .option(
      '--classes <names>',
      'the only classes to tell apart, with commas between; what is labelled otherwise is background (default: all)',
      (text) => text.split(',').map((name) => name.trim()),
    )
    .addOption(
      new Option('--dtype <type>', 'precision of the stored pixels (default: f32)').choices(['f32', 'f16']),
    )
    .option(
      '--jobs <count>',
      orElse('decode DICOM images in so many threads; the store is the same', 1),
      parseCount,
    );
  addExample(command, "prepare study/ --out store/ --map 'cine_sa*=short-axis'");
  addStudyOptions(command.addOption(identifiersOption())).action((folder, given) =>
    run(folder, given, worker),
  );
}
