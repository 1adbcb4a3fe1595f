/** @file Plans the three stacks as a technologist would: by the condyles' back, along the anterior cruciate, across the leg. */
import type { ImagePlane, Vec3 } from '../../types.ts';
import { add, cross, dot, scale, subtract } from '../../vector.ts';
import { BODY_PLANES } from '../../viewnames.ts';
import { across, directionFromFrame, type Frame } from '../frame.ts';
import { imagePlane, turned } from '../planes.ts';
import type { Random } from '../random.ts';
import type { Variation } from '../settings.ts';
import type { Knee } from './knee.ts';
import type { KneeSettings } from './settings.ts';
import { fromKnee } from './shapes.ts';

export const SLICE_THICKNESS_MM = 3.5;

export const KNEE_PLANES = BODY_PLANES;
export type KneePlane = (typeof KNEE_PLANES)[number];

export interface KneeStack {
  /** Sagittal from the patient's right to left, coronal from front to back, axial downwards. */
  readonly planes: readonly ImagePlane[];
  /** From slice to slice, mm. */
  readonly distanceMm: number;
}

export type KneePlanning = Readonly<Record<KneePlane, KneeStack>>;

/** How a stack lies: across slices, and along rows and columns of the images. */
interface Axes {
  readonly normal: Vec3;
  readonly row: Vec3;
  /** Half of what it covers, and how far its middle is from the knee's, mm along the normal, in a knee of mean size. */
  readonly half: number;
  readonly shift: number;
}

export function drawKneePlanning(
  random: Random,
  knee: Knee,
  settings: KneeSettings,
  variation: Variation,
): KneePlanning {
  const axes = axesOf(random, knee, variation);
  const stack = (plane: KneePlane): KneeStack => drawStack(random, knee, axes[plane], settings, variation);
  return { sagittal: stack('sagittal'), coronal: stack('coronal'), axial: stack('axial') };
}

/** Unit vector of the frame's axes that are nearly `v`: a technologist is off by a few degrees. */
function about(random: Random, frame: Frame, v: Vec3, { pose }: Variation): Vec3 {
  const off = (): number => random.spread(0.05 * pose);
  const [x, y, z] = directionFromFrame(frame, [v[0] + off(), v[1] + off(), v[2] + off()]);
  return scale([x, y, z], 1 / Math.hypot(x, y, z));
}

/** The same way round for both knees: sagittal images have the front on the left, the others the patient's right. */
function axesOf(random: Random, { place, side }: Knee, variation: Variation): Record<KneePlane, Axes> {
  const { frame } = place;
  const left = side === 'L' ? 1 : -1;
  const oblique = 0.2 + random.spread(0.08 * variation.pose);
  const toLeft = about(random, frame, [left * Math.cos(oblique), -left * Math.sin(oblique), 0], variation);
  const toBack = about(random, frame, [0, 1, 0], variation);
  const down = about(random, frame, [0, 0, -1], variation);
  const patientLeft = scale(frame.x, left);
  return {
    sagittal: { normal: toLeft, row: across(frame.y, toLeft), half: 42, shift: 0 },
    coronal: { normal: toBack, row: across(patientLeft, toBack), half: 45, shift: -6 },
    axial: { normal: down, row: across(patientLeft, down), half: 52, shift: -7 },
  };
}

function drawStack(
  random: Random,
  { place }: Knee,
  { normal, row: straight, half, shift }: Axes,
  settings: KneeSettings,
  { pose }: Variation,
): KneeStack {
  const covered = 2 * half * place.scale * (1 + random.spread(0.06 * pose));
  const count = Math.round(covered / random.uniform(3.7, 4.3)) + 1;
  const distanceMm = covered / (count - 1);
  const row = turned(straight, normal, random.spread(0.08 * pose));
  // down the leg in sagittal and coronal images, to the back in axial ones
  const column = cross(normal, row);
  const points = subtract(fromKnee(place, [0, -2, 4]), scale(normal, -shift * place.scale));
  const centred = add(
    points,
    add(scale(row, random.spread(8 * pose)), scale(column, random.spread(8 * pose))),
  );
  const first = -covered / 2 + random.spread(3 * pose);
  const flip = facing(column, place.frame);
  const planes = Array.from({ length: count }, (_, slice) =>
    imagePlane(add(centred, scale(normal, first + slice * distanceMm)), row, scale(column, flip), settings),
  );
  return { planes, distanceMm };
}

/** 1 where columns go down or to the back, else −1. */
const facing = (column: Vec3, { y, z }: Frame): 1 | -1 =>
  (Math.abs(dot(column, z)) > Math.abs(dot(column, y)) ? -dot(column, z) : dot(column, y)) < 0 ? -1 : 1;
