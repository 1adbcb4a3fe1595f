/** @file Compares two PNG pictures by pixel. */
import { decode } from 'fast-png';

/** The first pixel that differs; pictures of equal pixels and other bytes differ too. */
export function differingPixels(baseBytes, workBytes) {
  const [base, work] = [decode(baseBytes), decode(workBytes)];
  const kind = ({ width, height, channels, depth }) =>
    `${width}×${height}, ${channels} channels of ${depth} bits`;
  if (kind(base) !== kind(work)) return [{ path: 'size', text: `${kind(base)} and ${kind(work)}` }];
  const pixel = ({ data }, index) => data.slice(index * base.channels, (index + 1) * base.channels).join(' ');
  const count = base.width * base.height;
  const indices = Array.from({ length: count }, (_, index) => index).filter(
    (index) => pixel(base, index) !== pixel(work, index),
  );
  if (indices.length === 0) return [{ path: 'encoding', text: 'the same pixels in other bytes' }];
  const [x, y] = [indices[0] % base.width, Math.floor(indices[0] / base.width)];
  const values = `${pixel(base, indices[0])} and ${pixel(work, indices[0])}`;
  return [{ path: 'pixels', text: `${indices.length} of ${count} pixels, first (${x}, ${y}): ${values}` }];
}
