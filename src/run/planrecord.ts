/** @file What plan.json holds. */

import { planeNormal } from '../data/geometry.ts';
import type { Notice, PreparedManifest, Reason, SkippedFile } from '../data/types.ts';
import type { PlannedStack, PlannedView } from './planner.ts';

export interface RefusedStack {
  readonly subject: string;
  readonly stack: number;
  readonly reason: Reason;
}

/** Files of a stack's planned images, by view. */
export type StackFiles = ReadonlyMap<string, string>;

export interface PlanRecord {
  readonly planned: readonly PlannedStack[];
  readonly refused: readonly RefusedStack[];
  readonly skipped: readonly SkippedFile[];
  readonly notices: readonly Notice[];
  readonly files: ReadonlyMap<PlannedStack, StackFiles>;
  /** What subjects and files are called. */
  readonly identifiers: NonNullable<PreparedManifest['identifiers']>;
}

/** What the figures are, for whoever reads the file alone. */
const MEANING = {
  uncertainty:
    'Standard error of the plane’s angle (degrees) and of its distance at its point (mm): ofSlices, and what planes of these weights were off by beyond that on the studies their training held out (root mean square), added as variances. The second is missing where complete is false: then it is too small. On other scanners, diseases and organs than those studies’ it may be too small as well.',
  ofSlices:
    'Jackknife over slices, and standard deviation over the positions in which slices were looked at. What all of them get wrong alike is not in it.',
  real: 'angleDeg: between the normals, 0 to 90. distanceMm: of the centre of the real image from the planned plane (Wei et al. 2021, arXiv 2109.11715).',
  disagreementMm: 'Root mean square distance of a slice’s lines, 60 mm long, from the plane.',
} as const;

function viewRecord({ view, fit, uncertainty, image, real }: PlannedView, file: string | undefined) {
  const { position, rowDirection, columnDirection, rows, columns, spacingMm } = image;
  return {
    view,
    ...(file !== undefined && { file }),
    imagePositionPatient: position,
    imageOrientationPatient: [...rowDirection, ...columnDirection],
    normal: planeNormal(image),
    rows,
    columns,
    pixelSpacing: spacingMm,
    uncertainty: { ...uncertainty, ofSlices: fit.uncertainty },
    slices: fit.slices.map((slice, index) => ({ slice: index, used: slice.weight > 0, ...slice })),
    real: real && { file: real.file, angleDeg: real.angleDeg, distanceMm: real.distanceMm },
  };
}

/** The plan of a folder as JSON. */
export function planRecord({ planned, refused, skipped, notices, files, identifiers }: PlanRecord): object {
  return {
    format: 'planewise-plan',
    version: 1,
    identifiers,
    meaning: MEANING,
    stacks: planned.map((own) => ({
      subject: own.stack.subject,
      stack: own.stack.stack,
      frameOfReferenceUid: own.frameOfReferenceUid,
      slices: own.stack.slices.length,
      images: own.images,
      views: own.views.map((view) => viewRecord(view, files.get(own)?.get(view.view))),
      refused: own.refused,
    })),
    refused,
    skipped,
    notices,
  };
}
