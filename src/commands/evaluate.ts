/** @file `planewise evaluate`: measures class maps beside true masks, on their own grids. */

import type { Command } from 'commander';
import { ConfigError } from '../base/errors.ts';
import { plural } from '../base/words.ts';
import { expectWritable, writeFiles } from '../data/files/files.node.ts';
import type { Identifiers } from '../data/identifiers/pseudonyms.ts';
import { readTruth, type Truth } from '../data/sources/acdc/truth.ts';
import type { Told } from '../data/sources/acdc/volume.ts';
import { emptySliceChoices, type MaskOptions } from '../data/sources/source.ts';
import type { Notice, SkippedFile } from '../data/types.ts';
import { Warnings } from '../data/warnings.ts';
import { type ClassRow, rowsAsCsv } from '../results/volumes.ts';
import type { RunConfig } from '../run/config.ts';
import { type FolderNames, namedVolumes, plainFindings } from '../run/identifiers.node.ts';
import { filedPredictions, madePredictions, measure, type Prediction } from '../run/measure.node.ts';
import { openVolumes, withSegmenter } from '../run/segment.node.ts';
import { startProgress } from '../train/progress.ts';
import { Needed, Option } from './commandline.ts';
import { noteNames, noteSkipped, noteWarnings } from './findings.ts';
import { addExample, orElse } from './help.ts';
import { printMeasures, summaryOf } from './measures.ts';
import { note, printJson } from './output.ts';
import { addSegmentOptions } from './predict.ts';
import { identifiersOption } from './study.ts';

interface EvaluateArguments {
  readonly predictions?: string;
  readonly weights?: string;
  readonly data: string;
  readonly emptySlices?: NonNullable<MaskOptions['emptySlices']>;
  readonly csv?: string;
  readonly rows?: boolean;
  readonly batch: number;
  readonly mirror?: boolean;
  readonly adapter?: NonNullable<RunConfig['adapter']>;
  readonly json?: boolean;
  readonly identifiers: Identifiers;
}

/** What became of the volumes. */
interface Measured {
  readonly truth: Truth;
  readonly rows: readonly ClassRow[];
  readonly skipped: readonly SkippedFile[];
  readonly notices: readonly Notice[];
  readonly names: FolderNames;
  readonly warnings: Warnings;
}

/** Hands the predictions that are asked for to `use`. */
async function withPredictions<T>(
  { predictions, weights, batch, mirror = false, adapter }: EvaluateArguments,
  { volumes }: Truth,
  told: Told,
  use: (made: AsyncIterable<Prediction>) => Promise<T>,
): Promise<T> {
  if (predictions !== undefined) return use(filedPredictions(predictions, volumes, told));
  const options = { batch, mirror, adapter: adapter ?? null, onWarning: told.warn, say: note };
  return withSegmenter(weights!, options, (segmenter) => use(madePredictions(segmenter, volumes, told)));
}

async function measureFolder(given: EvaluateArguments): Promise<Measured> {
  const found = await openVolumes(given.data);
  const warnings = new Warnings();
  const { volumes, names } = await namedVolumes(given.data, found.volumes, given.identifiers);
  const masked = volumes.filter(({ labels }) => labels !== null);
  const reading = startProgress('reading masks', masked.length);
  const truth = await readTruth(masked, {
    ...(given.emptySlices && { emptySlices: given.emptySlices }),
    onWarning: warnings.add,
    onProgress: (done) => reading.update(done),
  });
  reading.end();
  const skipped = [...found.skipped, ...truth.skipped];
  const skip = (file: SkippedFile): void => void skipped.push(file);
  const progress = startProgress('measuring', truth.volumes.length);
  let done = 0;
  const rows = await withPredictions(given, truth, { skip, warn: warnings.add }, (made) =>
    measure(made, (name) => progress.update(++done, name)),
  );
  progress.end();
  const notices = [...found.notices, ...truth.notices].map((message) => ({ code: 'INFO_CFG', message }));
  return { truth, rows, skipped, notices, names, warnings };
}

function expectOneOrigin({ predictions, weights, mirror }: EvaluateArguments): void {
  if (predictions !== undefined && mirror)
    throw new ConfigError('--mirror is for predicting with --weights; class maps are measured as they are.');
  if ((predictions === undefined) !== (weights === undefined)) return;
  throw new ConfigError('evaluate needs either --predictions, a folder of class maps, or --weights.');
}

async function evaluate(given: EvaluateArguments): Promise<void> {
  expectOneOrigin(given);
  if (given.csv !== undefined) await expectWritable(given.csv);
  const { truth, rows, skipped, notices, names, warnings } = await measureFolder(given);
  if (given.csv !== undefined)
    await writeFiles([{ path: given.csv, bytes: new TextEncoder().encode(rowsAsCsv(rows)) }]);
  const measured = new Set(rows.map(({ volume }) => volume)).size;
  if (given.json)
    printJson({
      volumes: measured,
      of: truth.volumes.length,
      identifiers: names.identifiers,
      ...summaryOf(rows),
      ...(await plainFindings(names, { skipped, warnings: warnings.list, notices })),
    });
  else if (rows.length > 0) printMeasures(rows, given.rows === true);
  for (const { message } of notices) note(message);
  noteWarnings(warnings.list);
  noteSkipped(skipped);
  note(
    `${measured} of ${plural(truth.volumes.length, 'volume')} with masks measured, over voxels whose class is known`,
  );
  noteNames(names);
  if (measured === 0) process.exitCode = 1;
}

function parsePath(text: string): string {
  if (text.trim() === '') throw new Needed('the path of a file');
  return text;
}

export function addEvaluate(program: Command): void {
  const command = program
    .command('evaluate')
    .description(
      'measure class maps by the masks of a folder: Dice, surface distances, volumes, ejection fraction',
    )
    .option('--predictions <folder>', orElse('class maps, as predict writes them', 'none: --weights predict'))
    .option(
      '--weights <run>',
      orElse('or the weights to predict with: the folder of a run, or a file', 'none'),
    )
    .requiredOption('--data <folder>', 'a folder laid out as ACDC, with masks (_gt)')
    .addOption(
      new Option(
        '--empty-slices <what>',
        'what slices without any label are, in volumes that have labels (default: unknown)',
      ).choices(emptySliceChoices),
    )
    .option('--csv <file>', orElse('write a line for each volume and class', 'none is written'), parsePath)
    .option('--rows', 'print these lines too')
    .addOption(identifiersOption());
  addExample(command, 'evaluate --predictions masks/ --data acdc/ --csv rows.csv');
  addSegmentOptions(command).action(evaluate);
}
