/** @file Which images lie in one frame of reference, also where FrameOfReferenceUID (0020,0052) was lost or replaced. */

import { groupBy, memoized } from '../lists.ts';
import { type ScannedImage, seriesOf } from '../scan.ts';
import type { Notice, Reason } from '../types.ts';

/**
 * Where an image's coordinates count: its examination, and in that its frame of reference; null where nothing says.
 * Images of one space share one object.
 */
export interface Space {
  readonly study: string;
  readonly frame: string | null;
  /** Whether a second frame in the study leaves open in which an image without UID lies. */
  readonly open: boolean;
}

/** Which frame of reference each image lies in. */
export interface Spaces {
  spaceOf(image: ScannedImage): Space;
  readonly notices: readonly Notice[];
}

const uidOf = ({ header }: ScannedImage): string | null => header.frameOfReferenceUid;

/** UIDs that were shown to mean one frame of reference, joined. */
class Classes {
  readonly #parents = new Map<string, string>();

  of(uid: string): string {
    let root = uid;
    for (let next = this.#parents.get(root); next !== undefined; next = this.#parents.get(root)) root = next;
    return root;
  }

  join(uids: readonly string[]): void {
    for (const uid of uids.slice(1)) {
      const [first, second] = [this.of(uids[0]!), this.of(uid)];
      if (first !== second) this.#parents.set(second, first);
    }
  }
}

/** Whether FrameOfReferenceUIDs were replaced one by one: some that must be one differ, and none spans two series. */
function areWorthless(images: readonly ScannedImage[], classes: Classes): boolean {
  const uids = groupBy(
    images.filter((image) => uidOf(image) !== null),
    (image) => uidOf(image)!,
  );
  const spanning = [...uids.values()].some((own) => new Set(own.map(seriesOf)).size > 1);
  return !spanning && [...uids.keys()].some((uid) => classes.of(uid) !== uid);
}

interface StudyFrames {
  /** The frame that a UID stands for. */
  readonly frames: ReadonlyMap<string, string>;
  readonly worthless: boolean;
  readonly joined: number;
}

function framesOfStudy(
  images: readonly ScannedImage[],
  runs: readonly (readonly ScannedImage[])[],
): StudyFrames {
  const classes = new Classes();
  const present = (own: readonly ScannedImage[]): string[] => own.flatMap((image) => uidOf(image) ?? []);
  for (const own of [...groupBy(images, seriesOf).values(), ...runs]) classes.join(present(own));
  const uids = [...new Set(present(images))];
  const worthless = areWorthless(images, classes);
  const frames = new Map(worthless ? [] : uids.map((uid): [string, string] => [uid, classes.of(uid)]));
  return {
    frames,
    worthless,
    joined: worthless ? uids.length : uids.filter((uid) => classes.of(uid) !== uid).length,
  };
}

function noticeOf(subject: string, { worthless, joined }: StudyFrames): Notice[] {
  if (joined === 0) return [];
  const what = worthless
    ? `${joined} FrameOfReferenceUIDs (0020,0052) differ where series, study and geometry say one examination, and so say nothing`
    : `${joined} FrameOfReferenceUIDs (0020,0052) differ within a series or an evenly spaced stack and are taken as one`;
  const message = `${subject}: ${what}. Planes of one study are compared all the same.`;
  return [{ code: 'FRAME_OF_REFERENCE_CHANGES', subject, message }];
}

/** Whether StudyInstanceUIDs were replaced: one a file, or one a series of one frame of reference. */
function studiesSplit(images: readonly ScannedImage[], study: (image: ScannedImage) => string): boolean {
  const studies = [...groupBy(images, study)].filter(([uid]) => uid !== '').map(([, own]) => own);
  if (studies.length < 3) return false;
  if (studies.every((own) => own.length === 1)) return true;
  const frames = new Set(images.map(uidOf));
  const single = studies.every((own) => new Set(own.map(seriesOf)).size === 1);
  return single && frames.size === 1 && !frames.has(null);
}

/** Studies by UID, those that one series spans joined; images without one belong to the only study there is. */
function studiesOf(images: readonly ScannedImage[]): Map<ScannedImage, string> {
  const classes = new Classes();
  const uid = ({ header }: ScannedImage): string => header.studyUid ?? '';
  const known = (own: readonly ScannedImage[]): string[] =>
    [...new Set(own.map(uid))].filter((study) => study !== '');
  const numbered = images.filter(({ header }) => header.seriesUid !== null);
  for (const own of groupBy(numbered, seriesOf).values()) classes.join(known(own));
  if (studiesSplit(images, (image) => classes.of(uid(image)))) classes.join(known(images));
  const studies = new Set(images.map((image) => classes.of(uid(image))).filter((study) => study !== ''));
  const lone = studies.size === 1 ? [...studies][0]! : '';
  return new Map(images.map((image) => [image, classes.of(uid(image)) || lone]));
}

/** What else tells which of a subject's images lie in one frame of reference. */
export interface FrameEvidence {
  /** Which images are alike: their view. */
  readonly viewOf: (image: ScannedImage) => string | null;
  /** Slices among images of one view that lie in one frame of reference whatever they say. */
  readonly runsOf: (images: readonly ScannedImage[]) => readonly (readonly ScannedImage[])[];
}

/** The frames of a study's images: of their UID; of their series', view's or study's, where that is one. */
function framesIn(
  own: readonly ScannedImage[],
  found: StudyFrames,
  nameOf: (image: ScannedImage) => string,
): (string | null)[] {
  const frameOf = (image: ScannedImage): string | undefined => found.frames.get(uidOf(image) ?? '');
  const only = (images: readonly ScannedImage[]): string | null => {
    const frames = new Set(images.flatMap((image) => frameOf(image) ?? []));
    return frames.size === 1 ? [...frames][0]! : null;
  };
  const onlyBy = (key: (image: ScannedImage) => string): ((image: ScannedImage) => string | null) => {
    const frames = new Map([...groupBy(own, key)].map(([name, members]) => [name, only(members)]));
    return (image) => frames.get(key(image)) ?? null;
  };
  const [series, view, study] = [onlyBy(seriesOf), onlyBy(nameOf), only(own)];
  return own.map((image) => frameOf(image) ?? series(image) ?? view(image) ?? study);
}

/**
 * The spaces of one subject's images: of all, whichever views are asked for, or the answer would depend on that.
 * @example
 * const header = (seriesUid, frameOfReferenceUid) => ({ seriesUid, frameOfReferenceUid });
 * const headers = [header('1', '7'), header('2', '7'), header('3', '8')];
 * const images = headers.map((one) => ({ source: { path: 'a.dcm' }, header: one }));
 * const { spaceOf } = data.findSpaces('A', images, { viewOf: () => null, runsOf: () => [] });
 * images.map((image) => spaceOf(image).frame); // ["7","7","8"]
 */
export function findSpaces(
  subject: string,
  images: readonly ScannedImage[],
  evidence: FrameEvidence,
): Spaces {
  const nameOf = (image: ScannedImage): string =>
    evidence.viewOf(image) ?? `?${image.header.seriesDescription ?? ''}`;
  const studies = studiesOf(images);
  const spaces = new Map<ScannedImage, Space>();
  const notices: Notice[] = [];
  for (const [study, own] of groupBy(images, (image) => studies.get(image)!)) {
    const differing = new Set(own.map(uidOf)).size > 1;
    const views = differing ? [...groupBy(own, nameOf).values()] : [];
    const found = framesOfStudy(own, views.flatMap(evidence.runsOf));
    notices.push(...noticeOf(subject, found));
    const open = new Set(found.frames.values()).size > 1;
    const spaceIn = memoized(String, (frame: string | null): Space => ({ study, frame, open }));
    const frames = framesIn(own, found, nameOf);
    for (const [i, image] of own.entries()) spaces.set(image, spaceIn(frames[i]!));
  }
  return { spaceOf: (image) => spaces.get(image)!, notices };
}

/** Whether planes of two spaces cannot be compared. */
export function spacesDiffer(a: Space, b: Space): boolean {
  if (a.frame !== null && b.frame !== null && a.frame === b.frame) return false;
  if (a.study !== b.study) return true;
  return a.frame !== b.frame || (a.frame === null && a.open);
}

/** Why an image's plane and a reference's do not compare, naming what their headers say. */
export function spaceReason(view: string, target: ScannedImage, reference: ScannedImage): Reason {
  const name = (image: ScannedImage): string => uidOf(image) ?? 'none';
  const [own, other] = [target, reference].map(({ header }) => header.studyUid);
  const study =
    own !== other
      ? ` They are of two studies (StudyInstanceUID ${own ?? 'none'} and ${other ?? 'none'}).`
      : '';
  return {
    code: 'FRAME_OF_REFERENCE',
    message: `The ${view} images are in another frame of reference (FrameOfReferenceUID ${name(reference)}, here ${name(target)}), so their planes do not compare.${study}`,
  };
}

/**
 * FrameOfReferenceUID (0020,0052) of images of one stack: the one that most of them have, the first of equals; null where
 * none has any. Those of a stack differ only where they say nothing, see `findSpaces`.
 */
export function commonFrame(images: Iterable<ScannedImage>): string | null {
  const counts = new Map<string, number>();
  for (const { header } of images)
    if (header.frameOfReferenceUid)
      counts.set(header.frameOfReferenceUid, (counts.get(header.frameOfReferenceUid) ?? 0) + 1);
  const [first] = [...counts].sort(([, a], [, b]) => b - a);
  return first?.[0] ?? null;
}
