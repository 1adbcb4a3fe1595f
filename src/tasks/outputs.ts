/** @file Outputs of a block of images, as judges take them. */
import { ShapeError } from '../base/errors.ts';
import type { Head } from '../models/heads.ts';
import type { HostOutputs } from './task.ts';

/**
 * A head's numbers for `count` images, [count, ...shape, channels].
 * @throws ShapeError where there are more or fewer
 */
export function blockOf(
  outputs: HostOutputs,
  head: Head,
  count: number,
  shape: readonly number[] = [],
): Float32Array {
  const values = outputs(head);
  const dims = [count, ...shape, head.channels];
  const expected = dims.reduce((product, length) => product * length);
  if (values.length === expected) return values;
  throw new ShapeError(
    'Judge.add',
    `outputs of head ${head.path}`,
    `hold ${values.length} values`,
    `${count} images need ${dims.join('×')}.`,
  );
}
