/** @file Runs of channels: tensors whose elements are some of the channels of wider pixels. */
import { describe } from '../base/describe.ts';
import { ShapeError } from '../base/errors.ts';
import type { HostArray } from './dtype.ts';
import { formatShape, type Shape } from './shape.ts';

/** Which channels of wider pixels a tensor is: it begins `start` elements into each, `pitch` elements apart. */
export interface ChannelRun {
  readonly start: number;
  readonly pitch: number;
}

/**
 * The channels start … end−1 of a tensor of this shape, itself a run or not; undefined where they are all of the pixel.
 * @throws ShapeError for what are no channels of it
 */
export function cutRun(
  shape: Shape,
  run: ChannelRun | undefined,
  start: number,
  end: number,
): ChannelRun | undefined {
  const { start: first, pitch } = run ?? { start: 0, pitch: shape.at(-1) ?? 0 };
  const whole = Number.isInteger(start) && Number.isInteger(end);
  if (!whole || start < 0 || start >= end || end > (shape.at(-1) ?? 0)) {
    const problem = `${describe(start)}…${describe(end)} are no channels of ${formatShape(shape)}`;
    throw new ShapeError('channels', 'range', problem, '0 ≤ start < end ≤ channels is needed.');
  }
  return end - start === pitch ? undefined : { start: first + start, pitch };
}

/** Of all channels of the pixels those of a run. */
export function pickRun(span: HostArray, { start, pitch }: ChannelRun, channels: number): HostArray {
  return span.filter((_, i) => i % pitch >= start && i % pitch < start + channels);
}
