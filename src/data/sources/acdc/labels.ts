/** @file A volume's labels on the prepared grid. */
import { applyAffine } from '../../affine.ts';
import { maskOnGrid, type ReadVolume } from '../../segmentation/index.ts';
import { type Affine, type Reason, UNKNOWN } from '../../types.ts';
import { labelNames, type VolumeLabels } from './masks.ts';

/** Told of what is odd about a file that is used. */
export type Warn = (file: string, reason: Reason) => void;

const classOf: ReadonlyMap<number, number> = new Map(labelNames.map((_, label) => [label, label]));

/** How far scaled values (scl_slope) may be from the whole numbers that they stand for. */
const roundingTolerance = 1e-3;

/** Labels made whole numbers, in place; what is near none is left, and is no class. */
export function wholeNumbers(values: Float32Array): Float32Array {
  for (let i = 0; i < values.length; i++) {
    const whole = Math.round(values[i]!);
    if (Math.abs(values[i]! - whole) <= roundingTolerance) values[i] = whole;
  }
  return values;
}

/** The mask's values as whole numbers, told of where some are no label, and its slices. */
function readLabels({ dims, data, file }: ReadVolume, warn: Warn) {
  const [columns, rows, count] = dims as [number, number, number];
  const values = wholeNumbers(data);
  warnOfStrays(values, file, warn);
  const slices = Array.from({ length: count }, (_, k) =>
    values.subarray(k * rows * columns, (k + 1) * rows * columns),
  );
  return { columns, rows, values, slices };
}

function warnOfStrays(values: Float32Array, file: string, warn: Warn): void {
  const strays = new Set(values.filter((v) => !classOf.has(v)));
  if (strays.size === 0) return;
  const some = [...strays].slice(0, 3).join(', ');
  const message = `The mask holds values that are no class of ACDC (0 to 3), such as ${some}; what is there is taken as unknown.`;
  warn(file, { code: 'UNKNOWN_LABELS', message });
}

/** Whether any pixel with a label lies outside the prepared image. */
function reachesOut(slice: ArrayLike<number>, columns: number, map: Affine, size: number): boolean {
  const outside = (at: number): boolean => at < -0.5 || at > size - 0.5;
  for (let i = 0; i < slice.length; i++) {
    if (!(slice[i]! > 0)) continue;
    const [x, y] = [i % columns, Math.floor(i / columns)];
    if (applyAffine(map, x, y).some(outside)) return true;
  }
  return false;
}

/** Labels but background that occur. */
const presentIn = (values: Float32Array): Set<number> =>
  new Set(values.filter((v) => v > 0 && classOf.has(v)));

const hasLabel = (values: ArrayLike<number>): boolean =>
  Array.prototype.some.call(values, (v: number) => v > 0 && classOf.has(v));

/** The labels of a mask on its own grid, slices in the order of the file; values that are no label of ACDC are UNKNOWN. */
export function labelsOf(mask: ReadVolume, warn: Warn): VolumeLabels {
  const { values, slices } = readLabels(mask, warn);
  return {
    grid: Uint8Array.from(values, (v) => classOf.get(v) ?? UNKNOWN),
    present: presentIn(values),
    labelled: slices.map(hasLabel),
  };
}

/**
 * The labels of a mask's slices, nearest neighbour under `map`; values that are no label of ACDC are UNKNOWN.
 * @param order the mask's slices in the order asked for
 */
export function labelsOnGrid(
  mask: ReadVolume,
  order: readonly number[],
  map: Affine,
  size: number,
  warn: Warn,
): VolumeLabels {
  const { columns, rows, values, slices: filed } = readLabels(mask, warn);
  const slices = order.map((k) => filed[k]!);
  const grid = new Uint8Array(order.length * size * size);
  for (const [slice, own] of slices.entries()) {
    const { classes, unknown } = maskOnGrid({ rows, columns, values: own }, map, size, classOf);
    grid.set(
      classes.map((label, i) => (unknown[i] ? UNKNOWN : label)),
      slice * size * size,
    );
  }
  if (slices.some((slice) => reachesOut(slice, columns, map, size)))
    warn(mask.file, {
      code: 'LABELS_CROPPED',
      message: 'Labels reach beyond the prepared image. A larger size or spacing keeps them.',
    });
  return { grid, present: presentIn(values), labelled: slices.map(hasLabel) };
}
