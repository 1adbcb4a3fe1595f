/** @file Which way along a volume's slices leads from base to apex. */
import { locationsAlong, stackPositions } from '../../stackgeometry.ts';
import type { ImagePlane } from '../../types.ts';
import { alongAxis } from '../../upright.ts';

export interface SliceOrder {
  /** Slices of the file, base to apex; in file order where that is not known. */
  readonly order: readonly number[];
  /** Relative location of each slice of the file, 0 (base) to 1 (apex); null where the way is not known. */
  readonly locations: readonly number[] | null;
}

/** @param placed whether the file says how its slices lie in the patient */
export function sliceOrder(planes: readonly ImagePlane[], placed: boolean): SliceOrder {
  const order = [...planes.keys()];
  if (!placed || alongAxis(planes[0]!)) return { order, locations: null };
  const positions = stackPositions(planes);
  order.sort((a, b) => positions[a]! - positions[b]!);
  return { order, locations: locationsAlong(planes).locations };
}
