/** @file What training takes from a data set: its parts, what identifies it, a check that the labels exist. */

import { sideProblem } from '../backbones/backbone.ts';
import { ConfigError } from '../base/errors.ts';
import { checksumText, crc32 } from '../base/hash.ts';
import { ownOf } from '../base/record.ts';
import { some } from '../base/words.ts';
import { MOST_ELASTIC, MOST_MAGNIFIED } from '../data/appearance.ts';
import { stiffKinds } from '../data/field.ts';
import { renamedManifest } from '../data/identifiers/manifest.ts';
import { evenly, groupBy } from '../data/lists.ts';
import { purposes } from '../data/purposes.ts';
import { type Sample, sampleAt, samplesOf } from '../data/sample.ts';
import {
  changedParts,
  expectParts,
  imagesOf,
  partNames,
  type Split,
  splitSubjects,
  subjectsOf,
} from '../data/split.ts';
import { foldOf, parseFold } from '../data/strata.ts';
import type { PreparedImage, PreparedManifest, TrainingData } from '../data/types.ts';
import { valuesChecksum } from '../data/values.ts';
import { type Annotated, labelledSubjects, withLabelled } from './labelled.ts';
import { learnerOf, type Plan, type PlannedTask, type Stream } from './plan.ts';
import type { AugmentationSettings, TrainConfig } from './settings.ts';

/** Subjects of the run's own data. */
const ownSubjects = (data: TrainingData): string[] =>
  subjectsOf(data).filter((name) => ownOf(data.manifest.beside, name) === undefined);

/** Who trains beside, but for namesakes of who validates or tests, for they may be the same. */
export function subjectsBeside({ manifest: { beside = {} } }: TrainingData, { validation, test }: Split) {
  const held = new Set([...validation, ...test]);
  const names = Object.keys(beside).sort();
  return {
    train: names.filter((name) => !held.has(beside[name]!)),
    namesakes: names.filter((name) => held.has(beside[name]!)),
  };
}

/**
 * The parts as they are given, each sorted.
 * @param source what errors call it: a file, say
 * @throws ConfigError where a name is unknown or has two places, or nobody trains
 */
export function namedSubjects(data: TrainingData, split: Split, source = 'subjects'): Split {
  const known = new Set(ownSubjects(data));
  for (const name of partNames.flatMap((part) => split[part] ?? []))
    if (!known.has(name))
      throw new ConfigError(
        `${source} names ${name}, whom the data do not hold; they hold ${known.size}, first ${some([...known], 3)}.`,
      );
  expectParts(split, source);
  return changedParts(split, (names) => [...names].sort());
}

/** One fold tests, of those with what is learnt from; of the others a share validates. */
function foldSplit(
  data: TrainingData,
  { seed, validationFraction: validation, stratify }: TrainConfig,
  fold: string,
  plan: Annotated,
): Split {
  const { groups = {}, order } = data.manifest;
  const all = ownSubjects(data);
  const able = labelledSubjects(data, all, plan);
  const draw = { seed, purpose: purposes.heldOut, order };
  const test = foldOf(able, stratify ? groups : {}, parseFold(fold)!, draw);
  const others = all.filter((name) => !test.includes(name));
  return { ...splitSubjects(others, { seed, validation, test: 0, order }), test };
}

/** The parts as they are drawn; who is held out by those who published the data tests, and nobody else. */
function drawnSplit(
  data: TrainingData,
  options: { readonly seed: number; readonly validation: number; readonly test: number },
): Split {
  const { heldOut } = data.manifest;
  const all = ownSubjects(data);
  const drawn = { ...options, order: data.manifest.order };
  if (!heldOut) return splitSubjects(all, drawn);
  const test = all.filter((subject) => heldOut.includes(subject));
  const others = all.filter((subject) => !heldOut.includes(subject));
  return { ...splitSubjects(others, { ...drawn, test: 0 }), test };
}

/**
 * The subjects of each part, as a configuration divides them.
 * @throws ConfigError where fewer of the training part have what the tasks learn from than are to be used, or than folds
 */
export function splitOf(data: TrainingData, config: TrainConfig, plan: Annotated): Split {
  const { seed, validationFraction: validation, testFraction, labelled, subjects, fold } = config;
  const split = subjects
    ? namedSubjects(data, subjects)
    : fold
      ? foldSplit(data, config, fold, plan)
      : drawnSplit(data, { seed, validation, test: testFraction });
  const own = labelled === null ? split : withLabelled(data, split, config, plan);
  if (!data.manifest.beside) return own;
  return { ...own, rest: [...(own.rest ?? []), ...subjectsBeside(data, own).train] };
}

/** Which images a task, or a stream of tasks, learns from. */
type Learner = Pick<Stream, 'labelled'>;

/** The subjects that tasks learn from. */
const subjectsFor = ({ labelled }: Learner, { train, rest = [] }: Split): readonly string[] =>
  labelled ? train : [...train, ...rest];

/** What a task learns from; who trains without annotations has none. */
export const trainingSamples = (data: TrainingData, planned: PlannedTask, split: Split): readonly Sample[] =>
  samplesOf(data, imagesOf(data, subjectsFor(learnerOf(planned), split)), new Set(split.rest));

/** Those of the images that say something to tasks. */
const learnable = (
  data: TrainingData,
  { labelled }: Learner,
  images: readonly number[],
): readonly number[] => (labelled ? images.filter((index) => labelled(sampleAt(data, index))) : images);

/** Images that a stream trains on: with annotations, where its tasks learn from those. */
export const trainingImages = (data: TrainingData, stream: Stream, split: Split): readonly number[] =>
  learnable(data, stream, imagesOf(data, subjectsFor(stream, split)));

/** Images that a stream is validated on, at most `most`, evenly spaced; none where held-out subjects lack annotations. */
export const validationImages = (
  data: TrainingData,
  stream: Learner,
  { validation }: Split,
  most: number,
): number[] => [...evenly(learnable(data, stream, imagesOf(data, validation)), most)];

/** A plan whose streams of one input that draw the same images are one: a single forward pass. */
export function withJoinedStreams(data: TrainingData, plan: Plan, split: Split, most: number): Plan {
  const imagesFor = (stream: Stream): string =>
    JSON.stringify([trainingImages(data, stream, split), validationImages(data, stream, split, most)]);
  const streams = [...groupBy(plan.streams, ({ input }) => input).values()].flatMap((own) =>
    [...groupBy(own, own.length > 1 ? imagesFor : () => '').values()].map((same): Stream => {
      const tasks = plan.tasks.filter((task) => same.some((stream) => stream.tasks.includes(task)));
      return { ...same[0]!, tasks };
    }),
  );
  return { ...plan, streams };
}

/** Places for names, where names are pseudonyms: the same data are the same whichever key made these. */
function withoutNames(manifest: PreparedManifest): PreparedManifest {
  if (manifest.identifiers !== 'pseudonyms') return manifest;
  const places = new Map(manifest.order?.map((name, place) => [name, String(place)]));
  return renamedManifest(manifest, { subject: (name) => places.get(name) ?? '', file: () => '' });
}

/** Images whose records are gathered before they are summed. */
const RECORDS = 256;

/** CRC-32 of the text of images in JSON with commas between, after `before`. */
function imagesChecksum(images: readonly PreparedImage[], before: number): number {
  const encoder = new TextEncoder();
  let checksum = before;
  let records: string[] = [];
  for (const [index, { space: _, ...image }] of images.entries()) {
    records.push((index > 0 ? ',' : '') + JSON.stringify(image));
    if (records.length < RECORDS && index + 1 < images.length) continue;
    checksum = crc32(encoder.encode(records.join('')), checksum);
    records = [];
  }
  return checksum;
}

/**
 * Identifies a prepared data set, but for its pixels, by its manifest, by its masks where there are any, and by its
 * subjects' groups where tasks learn from any: by what training sees of it, so that older runs can go on. It is the
 * checksum of JSON, of which a piece at a time is made.
 */
export function fingerprint({ manifest, masks, colours }: TrainingData, { tasks }: Annotated): string {
  const { size, spacingMm, targetView, referenceViews, classes } = manifest;
  const { images, groups, labels: others, heldOut } = withoutNames(manifest);
  const labels = masks && { classes, masks: valuesChecksum(masks, size ** 2) };
  const grouped = tasks.some(({ task }) => task.learnsFrom === 'groups') && { groups, others };
  const head = JSON.stringify({ size, spacingMm, targetView, referenceViews });
  const tail = JSON.stringify({
    ...labels,
    ...(colours && { colours: valuesChecksum(colours, 2 * size ** 2) }),
    ...grouped,
    heldOut,
  });
  const sum = (text: string, before: number): number => crc32(new TextEncoder().encode(text), before);
  const begun = imagesChecksum(images, sum(`${head.slice(0, -1)},"images":[`, 0));
  return checksumText(sum(`]${tail === '{}' ? '}' : `,${tail.slice(1)}`}`, begun));
}

/** A line that is bent is no line, so what it is to be learnt from must not bend. */
function checkElastic(
  { elasticPx, scale }: Pick<AugmentationSettings, 'elasticPx' | 'scale'>,
  size: number,
  { tasks }: Plan,
): void {
  if (elasticPx === 0) return;
  // magnified, a displacement bends more
  const most = size * MOST_ELASTIC * Math.min(1, MOST_MAGNIFIED / scale[1]);
  if (elasticPx > most)
    throw new ConfigError(
      `augmentation.elasticPx is ${elasticPx}, which may fold images of ${size} px. Take ${Number(most.toPrecision(3))} at most.`,
    );
  for (const { task, part } of tasks)
    if (part.fields.some(({ kind }) => stiffKinds.includes(kind)))
      throw new ConfigError(
        `augmentation.elasticPx is ${elasticPx}, but the labels of task ${task.name} follow straight lines, which would not stay straight. Set it to 0, or leave the task out.`,
      );
}

/** What tasks say of the training images. */
export const noticesOf = (data: TrainingData, { tasks }: Plan, split: Split): string[] =>
  tasks.flatMap((planned) => planned.part.notice?.(trainingSamples(data, planned, split)) ?? []);

/**
 * Throws ConfigError when a task has no label in the training part, its labels cannot move as the images are to, or the
 * images do not fit the network.
 */
export function checkData(
  data: TrainingData,
  plan: Plan,
  split: Split,
  augmentation: Pick<AugmentationSettings, 'elasticPx' | 'scale'>,
): void {
  const { tasks, backbone } = plan;
  checkElastic(augmentation, data.manifest.size, plan);
  for (const planned of tasks) planned.part.check(trainingSamples(data, planned, split));
  const { size } = data.manifest;
  const side = sideProblem(size, backbone);
  if (side !== null)
    throw new ConfigError(
      `The side of the images, ${size} px, ${side}. Prepare them at one the network takes.`,
    );
}
