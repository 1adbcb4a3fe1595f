/** @file From files to a plan: every target image with its slice, phase, location and reference planes. */

import { type Scan, type ScannedImage, scanFiles } from '../scan.ts';
import type { FileSource, Notice, Reason, SkippedFile } from '../types.ts';
import type { Space } from './frames.ts';
import { type StudyOptions, StudyPlanner } from './planner.ts';
import type { Target } from './targets.ts';

export type { StudyOptions } from './planner.ts';

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
  const planner = new StudyPlanner(scan, options);
  const targets: Target[] = [];
  const spaces = new Map<ScannedImage, Space>();
  for (const { images, plan } of planner.subjects()) {
    for (const target of plan.targets) targets.push(target);
    for (const { image } of images) spaces.set(image, plan.spaceOf(image));
  }
  const { targetView, referenceViews } = planner;
  return {
    targetView,
    referenceViews,
    targets,
    ...planner.end(),
    outcomes: Array.from(planner.outcomes(), (own) => ({ ...own, space: spaces.get(own.image)! })),
    ignored: scan.ignored,
  };
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
