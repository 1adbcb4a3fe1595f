/** @file Which way along a volume's slices leads from base to apex. */
import { planeNormal } from '../../geometry.ts';
import { locationsAlong, stackPositions } from '../../stackgeometry.ts';
import type { ImagePlane } from '../../types.ts';

export interface SliceOrder {
  /** Slices of the file, base to apex; in file order where that is not known. */
  readonly order: readonly number[];
  /** Relative location of each slice of the file, 0 (base) to 1 (apex); null where the way is not known. */
  readonly locations: readonly number[] | null;
}

/**
 * A normal nearer than this to one of the patient's axes is none of a short axis, which lies 30° and more from each: it
 * is what is left where a tool kept voxel sizes alone, as in the published files of ACDC.
 */
const alongAxisDeg = 5;

/** Whether slices lie across one of the patient's axes, which no short axis does: what says so is not to be believed. */
export const alongAxis = (plane: ImagePlane): boolean =>
  planeNormal(plane).some((part) => Math.abs(part) > Math.cos((alongAxisDeg * Math.PI) / 180));

/** @param placed whether the file says how its slices lie in the patient */
export function sliceOrder(planes: readonly ImagePlane[], placed: boolean): SliceOrder {
  const order = [...planes.keys()];
  if (!placed || alongAxis(planes[0]!)) return { order, locations: null };
  const positions = stackPositions(planes);
  order.sort((a, b) => positions[a]! - positions[b]!);
  return { order, locations: locationsAlong(planes).locations };
}
