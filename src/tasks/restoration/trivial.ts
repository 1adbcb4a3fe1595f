/** @file What one would put into altered pixels without having learnt anything. */

/** Sums over [0, x)×[0, y) of values [size, size], [size + 1, size + 1]. */
function integral(values: ArrayLike<number>, size: number): Float64Array {
  const wide = size + 1;
  const sums = new Float64Array(wide * wide);
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++)
      sums[(y + 1) * wide + x + 1] =
        values[y * size + x]! + sums[y * wide + x + 1]! + sums[(y + 1) * wide + x]! - sums[y * wide + x]!;
  return sums;
}

/**
 * For each pixel the mean of the unaltered ones that are at most `reach` away in row and column; 0, the mean of a z-scored
 * image, where there are none.
 * @param seen [size, size]
 * @param altered [size, size], 1 where a pixel was altered
 */
export function localMean(
  seen: Float32Array,
  altered: Uint8Array,
  size: number,
  reach: number,
): Float32Array {
  const sums = integral(
    seen.map((v, i) => (altered[i] ? 0 : v)),
    size,
  );
  const counts = integral(
    altered.map((flag) => 1 - flag),
    size,
  );
  return seen.map((_, i) => {
    const [x, y] = [i % size, Math.floor(i / size)];
    const [left, right] = [Math.max(0, x - reach), Math.min(size, x + reach + 1)];
    const [top, bottom] = [Math.max(0, y - reach), Math.min(size, y + reach + 1)];
    const within = (of: Float64Array): number => {
      const at = (row: number, column: number) => of[row * (size + 1) + column]!;
      return at(bottom, right) - at(top, right) - at(bottom, left) + at(top, left);
    };
    const count = within(counts);
    return count > 0 ? within(sums) / count : 0;
  });
}
