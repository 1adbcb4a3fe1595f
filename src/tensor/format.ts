/** @file Values as text: nested brackets, long axes cut in the middle. */
import type { Shape } from './shape.ts';

/** Elements shown at each end of an axis that is cut. */
const EDGE = 3;

const formatNumber = (value: number): string =>
  String(Number.isFinite(value) ? Number(value.toPrecision(6)) : value);

/** The values of a tensor of this shape, such as `[[1, 2], [3, 4]]`. */
export function formatValues(values: ArrayLike<number>, shape: Shape, start = 0): string {
  const [size, ...inner] = shape;
  if (size === undefined) return formatNumber(values[start]!);
  const step = inner.reduce((product, length) => product * length, 1);
  const shown = Array.from({ length: size }, (_, i) => i).filter(
    (i) => size <= 2 * EDGE + 1 || i < EDGE || i >= size - EDGE,
  );
  const parts = shown.map((i) => formatValues(values, inner, start + i * step));
  if (shown.length < size) parts.splice(EDGE, 0, '…');
  return `[${parts.join(', ')}]`;
}
