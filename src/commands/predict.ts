/** @file `planewise predict`: segments the volumes of a folder and writes class maps on their own grids, as NIfTI or DICOM SEG. */

import type { Command } from 'commander';
import { ConfigError, PlanewiseError } from '../base/errors.ts';
import { plural } from '../base/words.ts';
import { writeFiles } from '../data/files/files.node.ts';
import { type FolderLock, lockFolder, whileLocked } from '../data/files/lock.node.ts';
import type { Identifiers } from '../data/identifiers/pseudonyms.ts';
import { writeLabels } from '../data/nifti/labels.ts';
import { reasonOf } from '../data/scan.ts';
import type { FoundVolume } from '../data/sources/acdc/find.ts';
import { planScan } from '../data/study/plan.ts';
import type { ViewRule } from '../data/study/views.ts';
import { type StackVolume, stackVolumes } from '../data/study/volumes.ts';
import type { Notice, SkippedFile } from '../data/types.ts';
import { Warnings } from '../data/warnings.ts';
import type { RunConfig } from '../run/config.ts';
import { dicomSegOf } from '../run/dicomseg.ts';
import { type FolderNames, namedSubjects, namedVolumes, plainFindings } from '../run/identifiers.node.ts';
import { openScan, openVolumes, type SegmenterOptions, withSegmenter } from '../run/segment.node.ts';
import type { Segmented, Segmenter } from '../run/segmenter.ts';
import { version } from '../run/version.node.ts';
import { startProgress } from '../train/progress.ts';
import { Option } from './commandline.ts';
import { noteNames, noteSkipped, noteWarnings } from './findings.ts';
import { adapterOption, addExample, orElse } from './help.ts';
import { collect, note, parseCount, printJson } from './output.ts';
import { identifiersOption, parseMap } from './study.ts';

const formats = ['nifti', 'dicom-seg'] as const;

export interface PredictArguments {
  readonly weights: string;
  readonly format: (typeof formats)[number];
  readonly map?: readonly ViewRule[];
  readonly data: string;
  readonly out: string;
  readonly batch: number;
  readonly mirror?: boolean;
  readonly adapter?: NonNullable<RunConfig['adapter']>;
  readonly json?: boolean;
  readonly identifiers: Identifiers;
}

interface Written {
  readonly image: string;
  readonly map: string;
}

/** How a class map becomes a file. */
interface Writer<V extends FoundVolume> {
  readonly ending: string;
  write(segmented: Segmented<V>): Uint8Array | Promise<Uint8Array>;
}

const asNifti = (texts: boolean): Writer<FoundVolume> => ({
  ending: '.nii.gz',
  write: ({ found, image, labels }) => writeLabels(labels, image, found.image.path, { gzip: true, texts }),
});

async function writeMaps<V extends FoundVolume>(
  volumes: readonly V[],
  segmenter: Segmenter,
  { ending, write }: Writer<V>,
  { lock, skip, nameOf }: Pick<Told, 'lock' | 'skip'> & { readonly nameOf: (found: V) => string },
): Promise<Written[]> {
  const progress = startProgress('segmenting', volumes.length);
  const written: Written[] = [];
  let failed = 0;
  const onError = ({ image }: (typeof volumes)[number], error: unknown): void => {
    failed++;
    skip({ file: image.path, reason: reasonOf(error) });
  };
  /** Null, and told of, where an image does not say what the file must. */
  const bytesOf = async (segmented: Segmented<V>): Promise<Uint8Array | null> => {
    try {
      return await write(segmented);
    } catch (error) {
      if (error instanceof PlanewiseError) onError(segmented.found, error);
      else throw error;
      return null;
    }
  };
  for await (const segmented of segmenter.segment(volumes, onError)) {
    const { found } = segmented;
    const map = `${lock.folder}/${found.name}${ending}`;
    const bytes = await bytesOf(segmented);
    if (bytes) {
      await lock.check();
      await writeFiles([{ path: map, bytes }]);
      written.push({ image: nameOf(found), map });
    }
    progress.update(written.length + failed, found.name);
  }
  progress.end();
  return written;
}

/** What became of a folder. */
interface Outcome {
  readonly written: readonly Written[];
  readonly names: FolderNames;
  readonly notices: readonly Notice[];
}

interface Told {
  readonly skip: (file: SkippedFile) => void;
  readonly options: SegmenterOptions;
  /** Of the folder that class maps go to. */
  readonly lock: FolderLock;
}

async function predictVolumes(
  { weights, data, out, identifiers }: PredictArguments,
  { skip, options, lock }: Told,
): Promise<Outcome> {
  // class maps of an earlier run are no images
  const found = await openVolumes(data, out);
  found.skipped.forEach(skip);
  const { volumes, names } = await namedVolumes(data, found.volumes, identifiers);
  const written = await withSegmenter(weights, options, (segmenter) =>
    writeMaps(volumes, segmenter, asNifti(!names.key), { lock, skip, nameOf: nameIn(names) }),
  );
  return { written, names, notices: found.notices.map((message) => ({ code: 'INFO_CFG', message })) };
}

/** What an image is called in results: its path where names are as they are, else as its class map. */
const nameIn =
  ({ key }: FolderNames) =>
  ({ image, name }: FoundVolume): string =>
    key ? name : image.path;

async function predictStacks(given: PredictArguments, { skip, options, lock }: Told): Promise<Outcome> {
  const { weights, data, out, map: views, identifiers } = given;
  const scan = await openScan(data, out);
  return withSegmenter(weights, options, async (segmenter, checksum) => {
    const { targetView, classes } = segmenter;
    const plan = planScan(scan, { from: data, targetView, referenceViews: [], ...(views && { views }) });
    plan.skipped.forEach(skip);
    const { items: targets, names } = await namedSubjects(data, plan.targets, identifiers);
    const maker = { classes, software: version, weights: checksum, pseudonyms: names.key !== null };
    const asSeg: Writer<StackVolume> = { ending: '.dcm', write: (made) => dicomSegOf(made, maker) };
    const told = { lock, skip, nameOf: nameIn(names) };
    const written = await writeMaps(stackVolumes({ ...plan, targets }), segmenter, asSeg, told);
    return { written, names, notices: plan.notices };
  });
}

function expectMapMeant({ format, map }: PredictArguments): void {
  if (format === 'nifti' && map)
    throw new ConfigError(
      '--map says which DICOM series is which view: give --format dicom-seg, or leave it out.',
    );
}

async function predict(given: PredictArguments): Promise<void> {
  const { format, out, batch, mirror = false, adapter, json = false } = given;
  expectMapMeant(given);
  const warnings = new Warnings();
  const skipped: SkippedFile[] = [];
  const options = { batch, mirror, adapter: adapter ?? null, onWarning: warnings.add, say: note };
  const told = { options, skip: (file: SkippedFile): void => void skipped.push(file) };
  const { written, names, notices } = await whileLocked(await lockFolder(out), (lock) =>
    (format === 'nifti' ? predictVolumes : predictStacks)(given, { ...told, lock }),
  );
  if (json) {
    const found = { skipped, notices, warnings: warnings.list };
    printJson({ out, identifiers: names.identifiers, written, ...(await plainFindings(names, found)) });
  }
  for (const { message } of notices) note(message);
  if (!json) noteWarnings(warnings.list);
  noteSkipped(skipped);
  note(`${out}: ${plural(written.length, 'class map')}`);
  noteNames(names);
  if (written.length === 0) process.exitCode = 1;
}

/** Options of commands that segment. */
export function addSegmentOptions(command: Command): Command {
  return addDeviceOptions(command).option(
    '--mirror',
    'average class probabilities over the image and its mirror images: four times the work',
  );
}

/** Options of commands that run a network over a folder. */
export function addDeviceOptions(command: Command): Command {
  return command
    .option('--batch <images>', 'images at a time', parseCount, 16)
    .addOption(adapterOption())
    .option('--json', 'print JSON');
}

export function addPredict(program: Command): void {
  const command = program
    .command('predict')
    .description('segment the volumes of a folder, and write class maps on their own grids')
    .requiredOption('--weights <run>', 'the folder of a fine-tuning run, or its weights file')
    .requiredOption(
      '--data <folder>',
      'a folder laid out as ACDC, or of any NIfTI volumes; for dicom-seg, of DICOM files',
    )
    .requiredOption('--out <folder>', 'where the class maps go: patient001_ED.nii.gz, …')
    .addOption(
      new Option(
        '--format <name>',
        'NIfTI under the images’ headers, or DICOM SEG that refers to DICOM images',
      )
        .choices(formats)
        .default('nifti'),
    )
    .option(
      '--map <name=view>',
      orElse('of dicom-seg: a folder, series or description that is a view; may be repeated', 'none'),
      collect(parseMap),
    )
    .addOption(identifiersOption());
  addExample(command, 'predict --weights runs/heart --data acdc/ --out masks/');
  addSegmentOptions(command).action(predict);
}
