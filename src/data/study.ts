/** @file From files to a plan: every target image with its slice, phase, location and reference planes. */

import { ConfigError } from '../tensor/errors.ts';
import { intersectingLine, type LocationDirection } from './geometry.ts';
import { type Progress, type Scan, type ScannedImage, scanFiles, skippedText } from './scan.ts';
import { buildStacks, groupBy, type Stack, stackLocations } from './stacks.ts';
import type { FileSource, Line, Reason, SkippedFile } from './types.ts';
import { type SubjectRule, subjectOf, type ViewRule, viewOf } from './views.ts';

export interface StudyOptions {
  /** Where the files are from, for messages: their folder. */
  readonly from?: string;
  /** View of the images to be labelled; default short-axis. */
  readonly targetView?: string;
  /** Views whose planes make the lines, in channel order; default: 2-chamber and 4-chamber where found, else all others. */
  readonly referenceViews?: readonly string[];
  /** The user's mapping from folders, series or descriptions to views; goes before the known names. Or a mapping of one's own. */
  readonly views?: readonly ViewRule[] | ((image: ScannedImage) => string | null);
  /** Slice (0 = base end) of a reference view that is a stack, by view; default its middle, floor(n / 2). */
  readonly referenceSlice?: Readonly<Record<string, number>>;
  readonly subjects?: SubjectRule;
  readonly locationDirection?: LocationDirection;
  readonly onProgress?: (progress: Progress) => void;
}

/** What one reference view gives a target image. */
export interface TargetReference {
  /** In the target's original pixels. */
  readonly line: Line | null;
  readonly reason?: Reason;
  /** File whose plane was used, when one was found. */
  readonly file?: string;
}

/** A target image and all that its header and its neighbours' say. */
export interface Target {
  readonly image: ScannedImage;
  readonly subject: string;
  readonly slice: number;
  readonly frame: number;
  readonly location: number | null;
  readonly locationReason?: Reason;
  /** In the order of the plan's referenceViews. */
  readonly references: readonly TargetReference[];
}

export interface StudyPlan {
  readonly targetView: string;
  readonly referenceViews: readonly string[];
  readonly targets: readonly Target[];
  readonly skipped: readonly SkippedFile[];
}

interface ViewedImage {
  readonly image: ScannedImage;
  readonly view: string;
}

function chooseReferences(found: ReadonlySet<string>, targetView: string): string[] {
  const usual = ['2-chamber', '4-chamber'].filter((view) => found.has(view) && view !== targetView);
  return usual.length > 0 ? usual : [...found].filter((view) => view !== targetView).sort();
}

/** Skipped files that an error lists. */
const MOST_LISTED = 5;

function nothingUsable(skipped: readonly SkippedFile[], from: string | undefined): string {
  const where = from === undefined ? '' : ` in ${from}`;
  const found = `No usable DICOM image was found${where}. Point to a folder of DICOM files.`;
  if (skipped.length === 0) return found;
  const listed = skipped.slice(0, MOST_LISTED).map(skippedText);
  const rest = skipped.length - listed.length;
  const lines = rest > 0 ? [...listed, `and ${rest} more`] : listed;
  const count = skipped.length === 1 ? '1 file was' : `${skipped.length} files were`;
  return `${found} ${count} skipped:${lines.map((line) => `\n  ${line}`).join('')}`;
}

function checkViews(options: StudyOptions, found: ReadonlySet<string>, { images, skipped }: Scan): void {
  const target = options.targetView ?? 'short-axis';
  const references = options.referenceViews ?? [];
  if (references.includes(target) || new Set(references).size !== references.length)
    throw new ConfigError(
      `Reference views [${references.join(', ')}] repeat one or hold the target ${target}. Name each once.`,
    );
  const missing = references.filter((view) => !found.has(view));
  const views = [...found].sort().join(', ') || 'none';
  if (found.has(target) && missing.length > 0)
    throw new ConfigError(
      `No image of reference view ${missing.join(', ')} (views found: ${views}). Choose among these, or map folders, series or descriptions to views, e.g. --map 2ch=2-chamber.`,
    );
  if (found.has(target)) return;
  throw new ConfigError(
    images.length === 0
      ? nothingUsable(skipped, options.from)
      : `No ${target} image among ${images.length} images (views found: ${views}). ` +
          'Map folders, series or descriptions to views, e.g. --map sax=short-axis --map 2ch=2-chamber.',
  );
}

const sizeOf = (stack: Stack): number => stack.locations.reduce((sum, location) => sum + location.length, 0);

function sameFrame(a: Stack, b: Stack): boolean {
  const [first, second] = [a.frameOfReferenceUid, b.frameOfReferenceUid];
  return first === null || second === null || first === second;
}

type Reference = { readonly image: ScannedImage } | { readonly reason: Reason };

/** The image whose plane stands for a reference view: of the largest stack in the target's frame, the middle slice. */
function chooseReference(target: Stack, stacks: readonly Stack[], view: string, slice?: number): Reference {
  if (stacks.length === 0)
    return { reason: { code: 'NO_REFERENCE', message: `The subject has no ${view} image.` } };
  const usable = stacks.filter((stack) => sameFrame(target, stack));
  if (usable.length === 0) {
    const message = `The ${view} images are in another frame of reference (FrameOfReferenceUID), so their planes do not compare.`;
    return { reason: { code: 'FRAME_OF_REFERENCE', message } };
  }
  const stack = usable.reduce((best, next) => (sizeOf(next) > sizeOf(best) ? next : best));
  const image = stack.locations[slice ?? Math.floor(stack.locations.length / 2)]?.[0];
  if (image) return { image };
  const message = `Slice ${slice} was asked of ${view}, whose stack has ${stack.locations.length} slices.`;
  return { reason: { code: 'REFERENCE_SLICE', message } };
}

function targetReference(image: ScannedImage, reference: Reference): TargetReference {
  if ('reason' in reference) return { line: null, reason: reference.reason };
  const file = reference.image.source.path;
  return { ...intersectingLine(image.header.plane, reference.image.header.plane), file };
}

function stackTargets(
  subject: string,
  stack: Stack,
  references: readonly Reference[],
  direction: LocationDirection,
): Target[] {
  const { locations, reason } = stackLocations(stack, direction);
  return stack.locations.flatMap((images, slice) =>
    images.map((image, frame) => ({
      image,
      subject,
      slice,
      frame,
      location: locations?.[slice] ?? null,
      ...(reason ? { locationReason: reason } : {}),
      references: references.map((reference) => targetReference(image, reference)),
    })),
  );
}

function subjectTargets(
  subject: string,
  images: readonly ViewedImage[],
  referenceViews: readonly string[],
  options: StudyOptions,
  skipped: SkippedFile[],
): Target[] {
  const ofView = (view: string, repeats: SkippedFile[]): Stack[] =>
    buildStacks(
      images.filter((v) => v.view === view).map((v) => v.image),
      repeats,
    );
  const candidates = referenceViews.map((view) => ({ view, stacks: ofView(view, []) }));
  return ofView(options.targetView ?? 'short-axis', skipped).flatMap((stack) => {
    const references = candidates.map(({ view, stacks }) =>
      chooseReference(stack, stacks, view, options.referenceSlice?.[view]),
    );
    return stackTargets(subject, stack, references, options.locationDirection ?? 'anatomical');
  });
}

/**
 * Plans every image of the target view among scanned images. Images of a view that is neither target nor reference are
 * left out; unusable files and repeated slices are `skipped`; a missing, parallel or foreign reference leaves a reason.
 * Throws ConfigError when no image of the target view or of an asked reference view is found, or views contradict each other.
 */
export function planScan(scan: Scan, options: StudyOptions = {}): StudyPlan {
  const { images, skipped } = scan;
  const { views } = options;
  const viewed = images.flatMap((image) => {
    const view = typeof views === 'function' ? views(image) : viewOf(image, views);
    return view === null ? [] : [{ image, view }];
  });
  const found = new Set(viewed.map((v) => v.view));
  checkViews(options, found, scan);
  const targetView = options.targetView ?? 'short-axis';
  const referenceViews = options.referenceViews ?? chooseReferences(found, targetView);
  const all = [...skipped];
  const targets = [...groupBy(viewed, (v) => subjectOf(v.image, options.subjects))].flatMap(
    ([subject, group]) => subjectTargets(subject, group, referenceViews, options, all),
  );
  return { targetView, referenceViews, targets, skipped: all };
}

/** Scans headers, then plans as `planScan`; throws what it throws. */
export async function planStudies(
  files: readonly FileSource[],
  options: StudyOptions = {},
): Promise<StudyPlan> {
  return planScan(await scanFiles(files, options.onProgress), options);
}
