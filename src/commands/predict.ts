/** @file `planewise predict`: segments the volumes of a folder and writes class maps on their own grids. */

import { type Command, Option } from 'commander';
import { plural } from '../base/words.ts';
import { writeFiles } from '../data/files/files.node.ts';
import { writeLabels } from '../data/nifti/labels.ts';
import { reasonOf, skippedText } from '../data/scan.ts';
import type { FoundVolumes } from '../data/sources/acdc/find.ts';
import type { SkippedFile } from '../data/types.ts';
import { Warnings } from '../data/warnings.ts';
import type { RunConfig } from '../run/config.ts';
import { openVolumes, withSegmenter } from '../run/segment.node.ts';
import type { Segmenter } from '../run/segmenter.ts';
import { startProgress } from '../train/progress.ts';
import { note, parseCount, printJson } from './output.ts';

interface PredictArguments {
  readonly weights: string;
  readonly data: string;
  readonly out: string;
  readonly batch: number;
  readonly mirror?: boolean;
  readonly adapter?: NonNullable<RunConfig['adapter']>;
  readonly json?: boolean;
}

interface Written {
  readonly image: string;
  readonly map: string;
}

async function writeMaps(
  { volumes }: FoundVolumes,
  segmenter: Segmenter,
  out: string,
  skip: (file: SkippedFile) => void,
): Promise<Written[]> {
  const progress = startProgress('segmenting', volumes.length);
  const written: Written[] = [];
  let failed = 0;
  const onError = ({ image }: (typeof volumes)[number], error: unknown): void => {
    failed++;
    skip({ file: image.path, reason: reasonOf(error) });
  };
  for await (const { found, image, labels } of segmenter.segment(volumes, onError)) {
    const map = `${out}/${found.name}.nii.gz`;
    const bytes = writeLabels(labels, image, found.image.path, { gzip: true });
    await writeFiles([{ path: map, bytes }]);
    written.push({ image: found.image.path, map });
    progress.update(written.length + failed, found.name);
  }
  progress.end();
  return written;
}

async function predict(given: PredictArguments): Promise<void> {
  const { weights, data, out, batch, mirror = false, adapter, json = false } = given;
  // class maps of an earlier run are no images
  const found = await openVolumes(data, out);
  const warnings = new Warnings();
  const skipped = [...found.skipped];
  const options = { batch, mirror, adapter: adapter ?? null, onWarning: warnings.add, say: note };
  const written = await withSegmenter(weights, options, (segmenter) =>
    writeMaps(found, segmenter, out, (file) => skipped.push(file)),
  );
  if (json) printJson({ out, written, skipped, warnings: warnings.list });
  for (const { code, count, file, message } of json ? [] : warnings.list)
    note(`${code}: ${plural(count, 'time')}, first ${file}: ${message}`);
  if (skipped.length > 0) note(`${plural(skipped.length, 'file')} skipped:`);
  for (const file of skipped) note(`  ${file.reason.code}  ${skippedText(file)}`);
  note(`${out}: ${plural(written.length, 'class map')}`);
  if (written.length === 0) process.exitCode = 1;
}

/** Options of commands that segment. */
export function addSegmentOptions(command: Command): Command {
  return command
    .option('--batch <images>', 'images at a time', parseCount, 16)
    .option(
      '--mirror',
      'average class probabilities over the image and its mirror images: four times the work',
    )
    .addOption(
      new Option('--adapter <choice>', 'what to compute on').choices(['gpu', 'system', 'swiftshader']),
    )
    .option('--json', 'print JSON');
}

export function addPredict(program: Command): void {
  const command = program
    .command('predict')
    .description('segment the volumes of a folder, and write class maps on their own grids as NIfTI')
    .requiredOption('--weights <run>', 'the folder of a fine-tuning run, or its weights file')
    .requiredOption('--data <folder>', 'a folder laid out as ACDC, or of any NIfTI volumes')
    .requiredOption('--out <folder>', 'where the class maps go: patient001_ED.nii.gz, …');
  addSegmentOptions(command).action(predict);
}
