/** @file From files to a plan: every target image with its slice, phase, location and reference planes. */

import { ConfigError } from '../../tensor/errors.ts';
import { type LocationDirection, sameOrientation } from '../geometry.ts';
import { groupBy, memoized } from '../lists.ts';
import {
  folderOf,
  type LeftOut,
  type Progress,
  type Scan,
  type ScannedImage,
  scanFiles,
  skippedOf,
  skippedText,
} from '../scan.ts';
import type { FileSource, Notice, Reason, SkippedFile } from '../types.ts';
import { findSpaces, spacesDiffer } from './frames.ts';
import {
  chooseReference,
  type Reference,
  referenceLine,
  type TargetReference,
  unusedPlanes,
} from './references.ts';
import { unwanted } from './roles.ts';
import { buildStacks, evenRuns, type Stack, stackLocations } from './stacks.ts';
import { findSubjects, type SubjectRule } from './subjects.ts';
import { checkRules, type ViewRule, viewOf } from './views.ts';

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
  /** Told what a user should know about the data, once each. */
  readonly onNotice?: (notice: Notice) => void;
}

/** A target image and all that its header and its neighbours' say. */
export interface Target {
  readonly image: ScannedImage;
  readonly subject: string;
  /** Index of the stack among the subject's stacks of the target view. */
  readonly stack: number;
  readonly slice: number;
  readonly frame: number;
  readonly location: number | null;
  readonly locationReason?: Reason;
  /** In the order of the plan's referenceViews. */
  readonly references: readonly TargetReference[];
}

/** What became of a scanned image: used as a target or as a plane, or why not. */
export interface Outcome {
  readonly image: ScannedImage;
  readonly subject: string;
  readonly view: string | null;
  readonly reason: Reason | null;
}

export interface StudyPlan {
  readonly targetView: string;
  readonly referenceViews: readonly string[];
  readonly targets: readonly Target[];
  readonly skipped: readonly SkippedFile[];
  readonly notices: readonly Notice[];
  /** Every scanned image, whether used or not. */
  readonly outcomes: readonly Outcome[];
  /** Files that are not DICOM. */
  readonly ignored: readonly string[];
}

interface ViewedImage {
  readonly image: ScannedImage;
  readonly subject: string;
  readonly view: string | null;
}

function chooseReferences(found: ReadonlySet<string>, targetView: string): string[] {
  const usual = ['2-chamber', '4-chamber'].filter((view) => found.has(view) && view !== targetView);
  return usual.length > 0 ? usual : [...found].filter((view) => view !== targetView).sort();
}

/** Skipped files that an error lists. */
const MOST_LISTED = 5;

function nothingUsable(skipped: readonly SkippedFile[], from: string | undefined): string {
  const where = from === undefined ? '' : ` in ${from}`;
  return `No usable DICOM image was found${where}. Point to a folder of DICOM files.${skippedList(skipped)}`;
}

/** The first skipped files with their reasons, as lines behind an error; '' where there are none. */
function skippedList(skipped: readonly SkippedFile[]): string {
  if (skipped.length === 0) return '';
  const listed = skipped.slice(0, MOST_LISTED).map(skippedText);
  const rest = skipped.length - listed.length;
  const lines = rest > 0 ? [...listed, `and ${rest} more`] : listed;
  const count = skipped.length === 1 ? '1 file was' : `${skipped.length} files were`;
  return ` ${count} skipped:${lines.map((line) => `\n  ${line}`).join('')}`;
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
      : `No ${target} image among ${images.length} images (views found: ${views}; series: ${seriesText(images)}). ` +
          `Map folders, series or descriptions to views, e.g. --map sax=short-axis --map 2ch=2-chamber.${skippedList(skipped)}`,
  );
}

/** What series call themselves, for those who must map them. */
function seriesText(images: readonly ScannedImage[]): string {
  const names = [...new Set(images.map(({ header }) => header.seriesDescription ?? 'without description'))];
  return names.length > 8 ? `${names.slice(0, 8).join(', ')} and ${names.length - 8} more` : names.join(', ');
}

/** Why a lone slice has no location, where other slices lie in frames of reference that are not its own. */
function foreignSlices(stack: Stack, stacks: readonly Stack[]): Reason | undefined {
  const [own] = stack.locations[0]!;
  const others = stacks.filter(
    ({ space, locations }) =>
      spacesDiffer(space, stack.space) && sameOrientation(locations[0]![0]!.header.plane, own!.header.plane),
  );
  if (others.length === 0) return undefined;
  const uid = ({ header }: ScannedImage): string => header.frameOfReferenceUid ?? 'none';
  const message = `The slices beside it are in other frames of reference (FrameOfReferenceUID ${uid(others[0]!.locations[0]![0]!)}, here ${uid(own!)}), so its place among them is not known.`;
  return { code: 'FRAME_OF_REFERENCE', message };
}

function stackTargets(
  subject: string,
  [index, stacks]: readonly [number, readonly Stack[]],
  references: readonly Reference[],
  direction: LocationDirection,
): Target[] {
  const stack = stacks[index]!;
  const found = stackLocations(stack, direction);
  const { locations } = found;
  const reason = found.reason && (foreignSlices(stack, stacks) ?? found.reason);
  return stack.locations.flatMap((images, slice) =>
    images.map((image, frame) => ({
      image,
      subject,
      stack: index,
      slice,
      frame,
      location: locations?.[slice] ?? null,
      ...(reason ? { locationReason: reason } : {}),
      references: references.map((reference) => referenceLine(image, reference)),
    })),
  );
}

interface SubjectPlan {
  readonly targets: readonly Target[];
  readonly notices: readonly Notice[];
}

/** One subject's targets. Images of its asked views that are none, nor their planes, go to `left`. */
function planSubject(
  subject: string,
  viewed: readonly ViewedImage[],
  [targetView, ...referenceViews]: readonly [string, ...string[]],
  options: StudyOptions,
  left: LeftOut,
): SubjectPlan {
  const views = new Map(viewed.map(({ image, view }) => [image, view]));
  const usable = viewed.map(({ image }) => image).filter((image) => !left.has(image));
  const spaces = findSpaces(subject, usable, { viewOf: (image) => views.get(image)!, runsOf: evenRuns });
  const stacksOf = (view: string): Stack[] => {
    const own = usable.filter((image) => views.get(image) === view);
    return buildStacks(own, spaces, left);
  };
  const candidates = referenceViews.map((view) => ({ view, stacks: stacksOf(view) }));
  const used = new Set<ScannedImage>();
  const stacks = stacksOf(targetView);
  const targets = stacks.flatMap((stack, index) => {
    const references = candidates.map(({ view, stacks: planes }) =>
      chooseReference(stack, planes, view, options.referenceSlice?.[view]),
    );
    for (const { image } of references) if (image) used.add(image);
    return stackTargets(subject, [index, stacks], references, options.locationDirection ?? 'anatomical');
  });
  for (const { view, stacks } of candidates)
    leaveUnused(targets, referenceViews.indexOf(view), stacks, used, left);
  return { targets, notices: spaces.notices };
}

const noTarget: Reason = { code: 'NO_TARGET', message: 'The subject has no image of the target view.' };

function leaveUnused(
  targets: readonly Target[],
  channel: number,
  stacks: readonly Stack[],
  used: ReadonlySet<ScannedImage>,
  left: LeftOut,
): void {
  const wanted = targets.some(({ references }) => references[channel]!.file !== undefined);
  const why = targets.length === 0 ? noTarget : targets[0]!.references[channel]!.reason;
  for (const [image, reason] of unusedPlanes(stacks, used)) left.set(image, wanted || !why ? reason : why);
}

/** Why an image of a view that plays no part is not used. */
function uninvolved(view: string | null): Reason {
  if (view === null)
    return {
      code: 'VIEW_UNKNOWN',
      message: 'Neither folder nor description names a view; --map says which it is.',
    };
  return { code: 'VIEW_NOT_ASKED', message: `View ${view} is neither the target nor a reference.` };
}

/** Reasons of images that were never meant to be used: they are in the table of series, not among the skipped files. */
const unasked = new Set(['VIEW_UNKNOWN', 'VIEW_NOT_ASKED', 'OTHER_SLICE', 'NO_TARGET']);

/** Images that have no part by their view or by what they are. */
function leaveBySight(viewed: readonly ViewedImage[], asked: readonly string[]): LeftOut {
  const isAsked = ({ view }: ViewedImage): boolean => view !== null && asked.includes(view);
  const left = unwanted(viewed.filter(isAsked).map(({ image }) => image));
  for (const own of viewed) if (!isAsked(own)) left.set(own.image, uninvolved(own.view));
  return left;
}

function viewImages(
  scan: Scan,
  options: StudyOptions,
): { viewed: ViewedImage[]; notices: readonly Notice[] } {
  const { views, subjects } = options;
  const { nameOf, notices } = findSubjects(scan.images, subjects);
  const rules = typeof views === 'function' ? [] : views;
  // A series has one view: names are looked at once, not once an image.
  const ofSeries = memoized(
    ({ source, header }: ScannedImage) =>
      `${folderOf(source.path)}\n${header.seriesUid}\n${header.seriesDescription}`,
    (image) => viewOf(image, rules),
  );
  const view = typeof views === 'function' ? views : ofSeries;
  const viewed = scan.images.map((image) => ({ image, subject: nameOf(image), view: view(image) }));
  return { viewed, notices };
}

/**
 * Plans every image of the target view among scanned images. Unusable files, repeated slices and planes, localizers and
 * phase images are `skipped`; `outcomes` has every image; a missing, parallel or foreign reference leaves a reason.
 * Throws ConfigError when no image of the target view or of an asked reference view is found, when views contradict each
 * other, or when a mapping matches nothing.
 */
export function planScan(scan: Scan, options: StudyOptions = {}): StudyPlan {
  const targetView = options.targetView ?? 'short-axis';
  if (Array.isArray(options.views) && scan.images.length > 0)
    checkRules(options.views, scan, [targetView, ...(options.referenceViews ?? [])]);
  const { viewed, notices } = viewImages(scan, options);
  const found = new Set(viewed.flatMap(({ view }) => view ?? []));
  checkViews(options, found, scan);
  const referenceViews = options.referenceViews ?? chooseReferences(found, targetView);
  for (const view of Object.keys(options.referenceSlice ?? {}))
    if (!referenceViews.includes(view))
      throw new ConfigError(
        `A slice was asked of ${view}, which is no reference view (these are ${referenceViews.join(', ') || 'none'}).`,
      );
  const left = leaveBySight(viewed, [targetView, ...referenceViews]);
  const plans = [...groupBy(viewed, ({ subject }) => subject)].map(([subject, own]) =>
    planSubject(subject, own, [targetView, ...referenceViews], options, left),
  );
  const all = [...notices, ...plans.flatMap((plan) => plan.notices), ...scalingNotice(scan)];
  for (const notice of all) options.onNotice?.(notice);
  const targets = plans.flatMap((plan) => plan.targets);
  if (targets.length === 0) throw noneUsable(viewed, targetView, left);
  const told = new Map([...left].filter(([, { code }]) => !unasked.has(code)));
  return {
    targetView,
    referenceViews,
    targets,
    skipped: [...scan.skipped, ...skippedOf(told)],
    notices: all,
    outcomes: viewed.map((own) => ({ ...own, reason: left.get(own.image) ?? null })),
    ignored: scan.ignored,
  };
}

function noneUsable(viewed: readonly ViewedImage[], targetView: string, left: LeftOut): ConfigError {
  const own = viewed.filter(({ view }) => view === targetView);
  const reasons = new Map(
    own.flatMap(({ image }) => left.get(image) ?? []).map(({ code, message }) => [code, message]),
  );
  const why = [...reasons].map(([code, message]) => `\n  ${code}: ${message}`).join('');
  return new ConfigError(
    `None of the ${own.length} ${targetView} images can be used, e.g. ${own[0]!.image.source.path}:${why}`,
  );
}

function scalingNotice({ images }: Scan): Notice[] {
  const count = images.filter(({ header }) => header.privateScaling).length;
  if (count === 0) return [];
  const message = `${count} images carry Philips' own scaling (2005,100e); RescaleSlope and RescaleIntercept are applied, it is not.`;
  return [{ code: 'PRIVATE_SCALING', message }];
}

/** Scans headers, then plans as `planScan`; throws what it throws. */
export async function planStudies(
  files: readonly FileSource[],
  options: StudyOptions = {},
): Promise<StudyPlan> {
  return planScan(await scanFiles(files, options.onProgress), options);
}
