/** @file What is decided of all images before any is labelled, and then the targets, subject by subject, as they are asked for. */

import { ConfigError } from '../../base/errors.ts';
import { counted } from '../../base/lazy.ts';
import { plural } from '../../base/words.ts';
import { groupBy, memoized } from '../lists.ts';
import { folderOf, type LeftOut, type Progress, type Scan, type ScannedImage, skippedOf } from '../scan.ts';
import type { Notice, Reason, SkippedFile } from '../types.ts';
import { isBodyPlane } from '../viewnames.ts';
import { apartNotice } from './apart.ts';
import { checkViews, noneUsable } from './check.ts';
import { type MissingPhases, missingNotice } from './phases.ts';
import { unwanted } from './roles.ts';
import { findSubjects, type SubjectRule } from './subjects.ts';
import { planSubject, type SubjectPlan, type TargetOptions, type ViewedImage } from './targets.ts';
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
  const why = memoized(String, uninvolved);
  for (const own of viewed) if (!isAsked(own)) left.set(own.image, why(own.view));
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
function sideNotice(images: number, subjects: number): Notice[] {
  if (images === 0) return [];
  const message = `${plural(images, 'sagittal image')} of ${plural(subjects, 'subject')} do not say whether they are of a left or a right limb (Laterality, 0020,0060), so slice locations run from the patient’s right to left there: from the inner side of a left limb, and from the outer side of a right one. It is no matter for organs that there is one of.`;
  return [{ code: 'SIDE_UNKNOWN', message }];
}

/** A subject and its targets. */
export interface PlannedSubject {
  readonly images: readonly ViewedImage[];
  readonly plan: SubjectPlan;
}

/**
 * Plans a scan as `planScan` does, holding the targets of one subject at a time: whose each image is and what view it is
 * of is decided of all together at first.
 */
export class StudyPlanner {
  readonly targetView: string;
  readonly referenceViews: readonly string[];
  readonly #scan: Scan;
  readonly #options: StudyOptions;
  readonly #viewed: readonly ViewedImage[];
  readonly #left: LeftOut;
  readonly #notices: Notice[];
  /** Images of the target view, which may be targets, of subjects that are not planned yet. */
  #coming: number;
  #targets = 0;
  /** Targets whose side is not told, and the subjects that have some. */
  readonly #untold = { images: 0, subjects: 0 };
  readonly #apart = new Map<string, readonly number[]>();
  readonly #missing = new Map<string, readonly MissingPhases[]>();

  /** @throws ConfigError as `planScan`, but where no image of the target view can be used */
  constructor(scan: Scan, options: StudyOptions) {
    const { from, targetView = 'short-axis', referenceViews: references = [], views } = options;
    if (Array.isArray(views) && scan.images.length > 0) checkRules(views, scan, [targetView, ...references]);
    const { viewed, notices } = viewImages(scan, options, targetView);
    const found = new Set<string>();
    for (const { view } of viewed) if (view !== null) found.add(view);
    checkViews({ target: targetView, references, ...(from !== undefined && { from }) }, found, scan);
    const mapped = typeof views === 'function' ? [...found] : (views ?? []).map(({ view }) => view);
    const referenceViews = options.referenceViews ?? chooseReferences(found, targetView, mapped);
    checkSlices(Object.keys(options.referenceSlice ?? {}), referenceViews);
    this.targetView = targetView;
    this.referenceViews = referenceViews;
    this.#scan = scan;
    this.#options = options;
    this.#viewed = viewed;
    this.#left = leaveBySight(viewed, [targetView, ...referenceViews]);
    this.#notices = [...notices];
    this.#coming = this.#candidates(viewed);
  }

  #candidates(viewed: readonly ViewedImage[]): number {
    return counted(viewed, ({ image, view }) => view === this.targetView && !this.#left.has(image));
  }

  /** Targets so far and at most to come. */
  get expected(): number {
    return this.#targets + this.#coming;
  }

  /** The subjects in their order, each planned when it is asked for; once. */
  *subjects(): Generator<PlannedSubject> {
    const views = [this.targetView, ...this.referenceViews] as const;
    for (const [subject, images] of groupBy(this.#viewed, ({ subject: own }) => own)) {
      this.#coming -= this.#candidates(images);
      const plan = planSubject(subject, images, views, this.#options, this.#left);
      this.#note(plan);
      if (plan.apart.length > 0) this.#apart.set(subject, plan.apart);
      if (plan.missing.length > 0) this.#missing.set(subject, plan.missing);
      yield { images, plan };
    }
  }

  #note({ targets, notices }: SubjectPlan): void {
    this.#targets += targets.length;
    this.#notices.push(...notices);
    if (this.targetView !== 'sagittal') return;
    const untold = counted(targets, ({ image }) => image.header.laterality === null);
    this.#untold.images += untold;
    if (untold > 0) this.#untold.subjects++;
  }

  /**
   * What is to be said when all subjects were planned; `onNotice` is told.
   * @throws ConfigError where none has a target
   */
  end(): { readonly skipped: readonly SkippedFile[]; readonly notices: readonly Notice[] } {
    const { images, subjects } = this.#untold;
    const notices = [
      ...this.#notices,
      ...scalingNotice(this.#scan),
      ...apartNotice(this.#apart, this.targetView),
      ...missingNotice(this.#missing, this.targetView),
      ...sideNotice(images, subjects),
    ];
    for (const notice of notices) this.#options.onNotice?.(notice);
    if (this.#targets === 0)
      throw noneUsable(ofView(this.#viewed, this.targetView), this.targetView, this.#left);
    const told = new Map([...this.#left].filter(([, { code }]) => !unasked.has(code)));
    return { skipped: [...this.#scan.skipped, ...skippedOf(told)], notices };
  }

  /** Every scanned image, and why it is not used where it is not, as far as is known. */
  *outcomes(): Generator<ViewedImage & { readonly reason: Reason | null }> {
    for (const own of this.#viewed) yield { ...own, reason: this.#left.get(own.image) ?? null };
  }
}
