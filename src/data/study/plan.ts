/** @file From files to a plan: every target image with its slice, phase, location and reference planes. */

import { ConfigError } from '../../base/errors.ts';
import { plural } from '../../base/words.ts';
import { groupBy, memoized } from '../lists.ts';
import {
  folderOf,
  type LeftOut,
  type Progress,
  type Scan,
  type ScannedImage,
  scanFiles,
  skippedOf,
} from '../scan.ts';
import type { FileSource, Notice, Reason, SkippedFile } from '../types.ts';
import { isBodyPlane } from '../viewnames.ts';
import { checkViews, noneUsable } from './check.ts';
import type { Space } from './frames.ts';
import { unwanted } from './roles.ts';
import { findSubjects, type SubjectRule } from './subjects.ts';
import { planSubject, type Target, type TargetOptions, type ViewedImage } from './targets.ts';
import { bodyPlaneOf, checkRules, type ViewRule, viewOf } from './views.ts';

/** How images become targets and references. */
export interface StudyOptions extends TargetOptions {
  /** Where the files are from, for messages: their folder. */
  readonly from?: string;
  /** View of the images to be labelled; default short-axis. */
  readonly targetView?: string;
  /**
   * Views whose planes make the lines, in channel order. Default: 2-chamber and 4-chamber where found, else all others; of
   * sagittal, coronal and axial images the other two of these.
   */
  readonly referenceViews?: readonly string[];
  /** The user's mapping from folders, series or descriptions to views; goes before the known names. Or a mapping of one's own. */
  readonly views?: readonly ViewRule[] | ((image: ScannedImage) => string | null);
  readonly subjects?: SubjectRule;
  readonly onProgress?: (progress: Progress) => void;
  /** Told what a user should know about the data, once each. */
  readonly onNotice?: (notice: Notice) => void;
}

/** What became of a scanned image: used as a target or as a plane, or why not. */
export interface Outcome {
  readonly image: ScannedImage;
  readonly subject: string;
  readonly view: string | null;
  readonly space: Space;
  readonly reason: Reason | null;
}

/** What is to be labelled by what, before pixels are read. */
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

/** @param mapped views that the user's mapping makes */
function chooseReferences(
  found: ReadonlySet<string>,
  targetView: string,
  mapped: readonly string[],
): string[] {
  const others = [...found].filter((view) => view !== targetView).sort();
  if (isBodyPlane(targetView)) {
    const planes = others.filter(isBodyPlane);
    return planes.length > 0 ? planes : others;
  }
  const usual = ['2-chamber', '4-chamber'].filter((view) => others.includes(view));
  // the axial survey of a heart is no view of it, unless someone says so
  return usual.length > 0 ? usual : others.filter((view) => !isBodyPlane(view) || mapped.includes(view));
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

/** Where a plane of the body is asked for, images without a telling name are of the plane that they lie in. */
function viewImages(
  scan: Scan,
  options: StudyOptions,
  targetView: string,
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
  const byPlane = isBodyPlane(targetView);
  const view =
    typeof views === 'function'
      ? views
      : (image: ScannedImage) => ofSeries(image) ?? (byPlane ? bodyPlaneOf(image.header.plane) : null);
  const viewed = scan.images.map((image) => ({ image, subject: nameOf(image), view: view(image) }));
  return { viewed, notices };
}

/**
 * Plans every image of the target view among scanned images. Unusable files, repeated slices and planes, localizers and
 * phase images are `skipped`; `outcomes` has every image; a missing, parallel or foreign reference leaves a reason.
 * Throws ConfigError when no image of the target view or of an asked reference view is found, when views contradict each
 * other, or when a mapping matches nothing.
 * @example
 * const { targets } = data.planScan(await data.scanFiles(await data.listFiles(study)));
 * [targets.length, targets[0].image.source.path, targets[0].slice]; // [24,"sax_1/IM-0003-0001.dcm",0]
 */
export function planScan(scan: Scan, options: StudyOptions = {}): StudyPlan {
  const { from, targetView = 'short-axis', referenceViews: references = [], views } = options;
  if (Array.isArray(views) && scan.images.length > 0) checkRules(views, scan, [targetView, ...references]);
  const { viewed, notices } = viewImages(scan, options, targetView);
  const found = new Set(viewed.flatMap(({ view }) => view ?? []));
  checkViews({ target: targetView, references, ...(from !== undefined && { from }) }, found, scan);
  const mapped = typeof views === 'function' ? [...found] : (views ?? []).map(({ view }) => view);
  const referenceViews = options.referenceViews ?? chooseReferences(found, targetView, mapped);
  checkSlices(Object.keys(options.referenceSlice ?? {}), referenceViews);
  const left = leaveBySight(viewed, [targetView, ...referenceViews]);
  const plans = new Map(
    [...groupBy(viewed, ({ subject }) => subject)].map(([subject, own]) => [
      subject,
      planSubject(subject, own, [targetView, ...referenceViews], options, left),
    ]),
  );
  const targets = [...plans.values()].flatMap((plan) => plan.targets);
  const ofSubjects = [...plans.values()].flatMap((plan) => plan.notices);
  const all = [...notices, ...ofSubjects, ...scalingNotice(scan), ...sideNotice(targets, targetView)];
  for (const notice of all) options.onNotice?.(notice);
  if (targets.length === 0) throw noneUsable(ofView(viewed, targetView), targetView, left);
  const told = new Map([...left].filter(([, { code }]) => !unasked.has(code)));
  return {
    targetView,
    referenceViews,
    targets,
    skipped: [...scan.skipped, ...skippedOf(told)],
    notices: all,
    outcomes: viewed.map((own) => ({
      ...own,
      space: plans.get(own.subject)!.spaceOf(own.image),
      reason: left.get(own.image) ?? null,
    })),
    ignored: scan.ignored,
  };
}

const ofView = (viewed: readonly ViewedImage[], view: string): ScannedImage[] =>
  viewed.filter((own) => own.view === view).map(({ image }) => image);

function checkSlices(asked: readonly string[], referenceViews: readonly string[]): void {
  const stray = asked.find((view) => !referenceViews.includes(view));
  if (stray === undefined) return;
  const views = referenceViews.join(', ') || 'none';
  throw new ConfigError(`A slice was asked of ${stray}, which is no reference view (these are ${views}).`);
}

function scalingNotice({ images }: Scan): Notice[] {
  const count = images.filter(({ header }) => header.privateScaling).length;
  if (count === 0) return [];
  const message = `${count} images carry Philips' own scaling (2005,100e); RescaleSlope and RescaleIntercept are applied, it is not.`;
  return [{ code: 'PRIVATE_SCALING', message }];
}

/** Of sagittal slices whose order depends on a side that their headers do not tell. */
function sideNotice(targets: readonly Target[], targetView: string): Notice[] {
  if (targetView !== 'sagittal') return [];
  const untold = targets.filter(({ image }) => image.header.laterality === null);
  if (untold.length === 0) return [];
  const subjects = new Set(untold.map(({ subject }) => subject)).size;
  const message = `${plural(untold.length, 'sagittal image')} of ${plural(subjects, 'subject')} do not say whether they are of a left or a right limb (Laterality, 0020,0060), so slice locations run from the patient’s right to left there: from the inner side of a left limb, and from the outer side of a right one. It is no matter for organs that there is one of.`;
  return [{ code: 'SIDE_UNKNOWN', message }];
}

/**
 * Scans headers, then plans as `planScan`; throws what it throws.
 * @example
 * const { targets, referenceViews } = await data.planStudies(await data.listFiles(study));
 * [targets.length, targets[0].subject, referenceViews]; // [24,"patient001",["2-chamber","4-chamber"]]
 */
export async function planStudies(
  files: readonly FileSource[],
  options: StudyOptions = {},
): Promise<StudyPlan> {
  return planScan(await scanFiles(files, options.onProgress), options);
}
