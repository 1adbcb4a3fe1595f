/** @file The stacks of a folder that planes can be planned on, each with the real images of the views where there are any. */
import { PlanningError } from '../../base/errors.ts';
import { groupBy } from '../lists.ts';
import { type Scan, type ScannedImage, scanFiles } from '../scan.ts';
import type { FileSource, ImagePlane, Reason } from '../types.ts';
import { commonFrame } from './frames.ts';
import { planScan, type StudyOptions, type StudyPlan } from './plan.ts';
import type { Target } from './targets.ts';
import { viewOf } from './views.ts';

/** The real image of a view: what a plan is compared with, and nothing else. */
export interface RealView {
  readonly file: string;
  readonly plane: ImagePlane;
}

/** A stack of slices. */
export interface PlanStack {
  readonly subject: string;
  /** Index among the subject's stacks of the target view. */
  readonly stack: number;
  /** By slice, base to apex, then by phase. */
  readonly slices: readonly (readonly Target[])[];
  /** By view; absent where the study has none that compares. */
  readonly real: ReadonlyMap<string, RealView>;
}

export interface PlanStacks {
  readonly plan: StudyPlan;
  readonly stacks: readonly PlanStack[];
}

export interface PlanStackOptions extends Omit<StudyOptions, 'referenceViews'> {
  /** Views that are to be planned; those that the folder has need not be all, nor any. */
  readonly planned: readonly string[];
}

/** Views of a scan's images. */
function viewsIn({ images }: Scan, views: StudyOptions['views']): Set<string | null> {
  const viewBy = (image: ScannedImage): string | null =>
    typeof views === 'function' ? views(image) : viewOf(image, views);
  return new Set(images.map(viewBy));
}

/**
 * Finds the stacks of the target view.
 * @throws ConfigError where there is no image of it
 */
export async function findPlanStacks(
  files: readonly FileSource[],
  options: PlanStackOptions,
): Promise<PlanStacks> {
  return scannedStacks(await scanFiles(files, options.onProgress), options);
}

/** As `findPlanStacks`, of images whose headers are read. */
export function scannedStacks(scan: Scan, { planned, ...options }: PlanStackOptions): PlanStacks {
  const present = viewsIn(scan, options.views);
  const referenceViews = planned.filter((view) => present.has(view));
  const plan = planScan(scan, { ...options, referenceViews });
  const nameOf = (file: string, frame: number | null | undefined): string => `${file}#${frame ?? ''}`;
  const planes = new Map(
    plan.outcomes.map(({ image: { source, header } }) => [
      nameOf(source.path, header.fileFrame),
      header.plane,
    ]),
  );
  const groups = groupBy(plan.targets, ({ subject, stack }) => JSON.stringify([subject, stack]));
  const stacks = [...groups.values()].map((own): PlanStack => {
    const [{ subject, stack, references }] = own as [Target];
    const real = referenceViews.flatMap((view, i): [string, RealView][] => {
      const { file, fileFrame } = references[i]!;
      const plane = file === undefined ? undefined : planes.get(nameOf(file, fileFrame));
      return plane ? [[view, { file: file!, plane }]] : [];
    });
    const slices = [...groupBy(own, ({ slice }) => String(slice)).values()];
    return { subject, stack, slices, real: new Map(real) };
  });
  return { plan, stacks };
}

/**
 * FrameOfReferenceUID (0020,0052) of a stack, see `commonFrame`.
 * @throws PlanningError FRAME_OF_REFERENCE where its images have none: nothing could be shown beside them
 */
export function frameOfReference({ slices }: PlanStack): string {
  const uid = commonFrame(slices.flat().map(({ image }) => image));
  if (uid !== null) return uid;
  throw new PlanningError(
    'FRAME_OF_REFERENCE',
    'The images of the stack have no FrameOfReferenceUID (0020,0052), so no planned image could be shown beside them. Give files that still have it, or write one into all files of the stack.',
  );
}

/** Why a stack of too few slices is one, where the subject's slices lie in several stacks; else null. */
export function scattered(stack: PlanStack, all: readonly PlanStack[]): Reason | null {
  const own = all.filter(({ subject }) => subject === stack.subject);
  const most = Math.max(...own.map(({ slices }) => slices.length));
  if (own.length < 2 || most > 2) return null;
  const count = own.reduce((sum, { slices }) => sum + slices.length, 0);
  return {
    code: 'NOT_PARALLEL',
    message: `The ${count} slices of ${stack.subject} make ${own.length} stacks of at most ${most}: they are not parallel, not evenly spaced or not in one frame of reference. Give a stack of parallel slices.`,
  };
}
