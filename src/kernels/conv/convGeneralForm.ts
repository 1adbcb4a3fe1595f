/**
 * @file Which convolutions the fast kernels can serve, which know one stride, padding and dilation for both axes and no
 * groups. What an axis' sizes leave open is chosen to fit the other; unequal padding is the smallest side's, and a copy
 * with zeros around the image (transposed: without the result's border) for the rest.
 */
import { elementCount } from '../../tensor/shape.ts';
import type { Spec } from '../../tensor/tensor.ts';
import type { ConvTranspose2dAttrs } from './conv2d.ts';
import type { ConvSettings } from './convGeneralSettings.ts';

/** A convolution for the fast kernels, and what is to be padded before it (or, transposed, cut off after it). */
interface EqualForm {
  readonly attrs: ConvTranspose2dAttrs;
  /** Before and after, of each axis. */
  readonly rest: readonly (readonly [number, number])[];
}

/** A stride for both axes; undefined where there is none. */
function strideOf(s: ConvSettings, x: Spec, weight: Spec): number | undefined {
  const [first, second] = s.stride as [number, number];
  if (first === second) return first;
  // An axis with one step takes any stride that leaves it so.
  const room = [0, 1].map((axis) => {
    if (s.transposed) return x.shape[axis + 1]! - 1;
    const [before, after] = s.padding[axis]!;
    return x.shape[axis + 1]! + before + after - s.dilation[axis]! * (weight.shape[axis]! - 1) - 1;
  }) as [number, number];
  const single = (axis: 0 | 1, stride: number) => (s.transposed ? room[axis] === 0 : room[axis] < stride);
  if (single(0, first) && single(0, second)) return second;
  return single(1, second) && single(1, first) ? first : undefined;
}

/** A dilation for both axes; undefined where there is none. */
function dilationOf({ dilation }: ConvSettings, weight: Spec): number | undefined {
  const [first, second] = dilation as [number, number];
  if (first === second || weight.shape[0] === 1) return second;
  return weight.shape[1] === 1 ? first : undefined;
}

/** What is cut off a transposed convolution with equal padding, whose output padding is the least that will do. */
function cutOff({ padding, outputPadding }: ConvSettings, equal: number) {
  const ends = padding.map(([, after], axis) => after - outputPadding[axis]!);
  const added = Math.max(0, ...ends.map((end) => equal - end));
  const rest = padding.map(([before], axis): [number, number] => [
    before - equal,
    ends[axis]! - equal + added,
  ]);
  return { rest, added };
}

/** The convolution of x as the fast kernels take it; undefined where they do not. */
export function equalForm(s: ConvSettings, x: Spec, weight: Spec): EqualForm | undefined {
  const stride = strideOf(s, x, weight);
  const dilation = dilationOf(s, weight);
  const empty = elementCount(x.shape) === 0 || elementCount(weight.shape) === 0;
  if (s.groups > 1 || stride === undefined || dilation === undefined || empty) return undefined;
  const padding = Math.min(...s.padding.flat());
  const attrs = { stride, padding, dilation, relu: s.relu };
  if (!s.transposed) {
    const rest = s.padding.map(([before, after]): [number, number] => [before - padding, after - padding]);
    return { attrs, rest };
  }
  const { rest, added } = cutOff(s, padding);
  return { attrs: { ...attrs, outputPadding: added }, rest };
}
