/**
 * @file Labelled cardiac volumes laid out as ACDC (Bernard et al., IEEE TMI 2018): a folder for each patient, at any
 * depth, with Info.cfg, frames and their masks.
 */

import { ConfigError } from '../../base/errors.ts';
import { crc32 } from '../../base/hash.ts';
import { plural } from '../../base/words.ts';
import { type AcdcFrame, type AcdcPatient, findAcdc } from '../acdc.ts';
import { reasonOf } from '../scan.ts';
import { skippedList } from '../study/check.ts';
import type { FileSource, Notice, PreparedData, PreparedManifest, Reason, SkippedFile } from '../types.ts';
import { defaultSize, defaultSpacingMm, type Grid, maskedGrid, spacingShowing } from '../usualgrid.ts';
import { joinMasks, type Masks } from './acdc/masks.ts';
import { maskNotices, sharedNotices } from './acdc/notices.ts';
import { type Subject, subjectsOf } from './acdc/subjects.ts';
import { acdcView, type PreparedVolume, prepareVolume } from './acdc/volume.ts';
import { joinPixels } from './pixels.ts';
import type { Prepared, Source, SourceOptions } from './source.ts';

interface Job {
  readonly frame: AcdcFrame;
  readonly subject: Subject;
  /** Index in its cine, from 0. */
  readonly index: number;
}

/** Files number frames from 1, or some from 0. */
function jobsOf(subject: Subject): Job[] {
  const { frames } = subject.patient;
  const first = Math.min(1, ...frames.map(({ frame }) => frame));
  return frames.map((frame) => ({ frame, subject, index: frame.frame - first }));
}

/** Volumes of patients with one id, to tell two patients from one whose files are there twice. */
class Namesakes {
  readonly #seen = new Map<string, string>();

  /** Why a volume is left out: one under the same id has its pixels, or its labels; null, and noted, where there is none. */
  reasonOf({ subject, index }: Job, { file, pixels, labels }: PreparedVolume): Reason | null {
    if (!subject.shared) return null;
    const id = `${subject.patient.id.toLowerCase()} ${index}`;
    const bytes = new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);
    const same = this.#note(`${id} pixels ${crc32(bytes)}`, file);
    const drawn = labels !== null && labels.present.size > 0;
    const alike = drawn ? this.#note(`${id} labels ${crc32(labels.grid)}`, file) : null;
    if (same !== null) return { code: 'COPY', message: `Same volume as ${same}.` };
    if (alike === null) return null;
    return { code: 'COPY', message: `It has the mask of ${alike}: the same volume with other pixels.` };
  }

  /** The first file of a key; null of the first. */
  #note(key: string, file: string): string | null {
    const first = this.#seen.get(key);
    if (first === undefined) this.#seen.set(key, file);
    return first ?? null;
  }
}

/** What is asked for, else what suits segmentation where there are masks. */
function gridOf(jobs: readonly Job[], options: SourceOptions): Grid {
  const masked = jobs.some(({ frame }) => frame.labels !== null);
  const usual = masked ? maskedGrid : { size: defaultSize, spacingMm: defaultSpacingMm };
  const { size = usual.size } = options;
  return { size, spacingMm: options.spacingMm ?? spacingShowing(usual, size) };
}

async function prepareVolumes(
  jobs: readonly Job[],
  skip: (file: SkippedFile) => void,
  { size, spacingMm }: Grid,
  options: SourceOptions,
): Promise<PreparedVolume[]> {
  const { onWarning = () => {} } = options;
  const volumes: PreparedVolume[] = [];
  const namesakes = new Namesakes();
  for (const [done, job] of jobs.entries()) {
    const { frame, subject, index } = job;
    const place = { subject: subject.name, frame: index, phase: frame.phase, size, spacingMm };
    const file = frame.image.path;
    try {
      const volume = await prepareVolume(frame, place, { warn: onWarning, skip });
      const reason = namesakes.reasonOf(job, volume);
      if (reason === null) volumes.push(volume);
      else skip({ file, reason });
    } catch (error) {
      skip({ file, reason: reasonOf(error) });
    }
    options.onProgress?.({ phase: 'decode', done: done + 1, total: jobs.length, file });
  }
  return volumes;
}

const groupsOf = (subjects: readonly Subject[]): Record<string, string> =>
  Object.fromEntries(
    subjects.flatMap(({ name, patient: { group } }) => (group ? [[name, group] as const] : [])),
  );

/** Those of ACDC's part `testing`, where there are others too. */
function heldOutOf(subjects: readonly Subject[], volumes: readonly PreparedVolume[]): string[] {
  const used = new Set(volumes.flatMap(({ images }) => images.map(({ subject }) => subject)));
  const own = subjects.filter(({ name }) => used.has(name));
  const isTesting = ({ patient: { frames } }: Subject): boolean =>
    frames[0]!.image.path.split('/').some((part) => part.toLowerCase() === 'testing');
  const testing = own.filter(isTesting);
  return testing.length < own.length ? testing.map(({ name }) => name) : [];
}

function dataOf(
  volumes: readonly PreparedVolume[],
  masks: Masks | null,
  subjects: readonly Subject[],
  skipped: readonly SkippedFile[],
  { size, spacingMm, dtype }: Grid & Pick<PreparedManifest, 'dtype'>,
): PreparedData {
  const [groups, heldOut] = [groupsOf(subjects), heldOutOf(subjects, volumes)];
  return {
    manifest: {
      format: 'planewise-prepared',
      version: masks ? 2 : 1,
      size,
      spacingMm,
      targetView: acdcView,
      referenceViews: [],
      ...(masks && { classes: masks.classes }),
      dtype,
      ...(Object.keys(groups).length > 0 && { groups }),
      ...(heldOut.length > 0 && { heldOut }),
      images: volumes.flatMap(({ images }) => images),
      skipped,
    },
    pixels: joinPixels(volumes, dtype),
    ...(masks && { masks: masks.masks }),
  };
}

function ignoredOf(files: readonly FileSource[], patients: readonly AcdcPatient[], skipped: SkippedFile[]) {
  const frames = patients.flatMap((patient) => patient.frames);
  const used = new Set([
    ...frames.flatMap(({ image, labels }) => [image.path, labels?.path]),
    ...skipped.map(({ file }) => file),
  ]);
  return files.map(({ path }) => path).filter((path) => !used.has(path) && !/(^|\/)info\.cfg$/i.test(path));
}

const infoNotices = (subjects: readonly Subject[]): Notice[] =>
  subjects.flatMap(({ patient, name }) =>
    patient.notices.map((message) => ({ code: 'INFO_CFG', message, subject: name })),
  );

type Layout = Awaited<ReturnType<typeof findAcdc>>;

async function preparePatients(
  files: readonly FileSource[],
  layout: Layout,
  options: SourceOptions,
): Promise<Prepared> {
  const { emptySlices = 'unknown', classes, dtype = 'f32', from, onNotice } = options;
  const subjects = subjectsOf(layout.patients);
  const skipped = [...layout.skipped];
  const jobs = subjects.flatMap(jobsOf);
  const grid = gridOf(jobs, options);
  const volumes = await prepareVolumes(jobs, (file) => skipped.push(file), grid, options);
  if (volumes.length === 0)
    throw new ConfigError(
      `No ACDC volume${from === undefined ? '' : ` in ${from}`} can be used.${skippedList(skipped)}`,
    );
  const masks = joinMasks(
    volumes.map(({ labels }) => labels),
    volumes.map(({ pixels }) => pixels.length),
    emptySlices,
    classes,
  );
  const notices = [
    ...infoNotices(subjects),
    ...sharedNotices(subjects, volumes),
    ...maskNotices(volumes, masks, emptySlices),
  ];
  for (const notice of notices) onNotice?.(notice);
  const data = dataOf(volumes, masks, subjects, skipped, { ...grid, dtype });
  return { data, notices, ignored: ignoredOf(files, layout.patients, skipped), series: [] };
}

export const acdc: Source = {
  name: 'acdc',
  title: 'NIfTI volumes laid out as ACDC',
  kind: 'laid out as ACDC',
  annotations: ['masks', 'groups'],
  options: ['emptySlices', 'classes'],
  async find(files, options) {
    const layout = await findAcdc(files);
    const { patients, skipped } = layout;
    if (patients.length + skipped.length === 0) return null;
    const count = patients.reduce((sum, { frames }) => sum + frames.length, 0);
    const text = `${plural(count, 'NIfTI volume')} of ${plural(patients.length, 'patient')} laid out as ACDC`;
    return { count, text, prepare: () => preparePatients(files, layout, options) };
  },
};
