/** @file An axis continued beyond its ends by its mirror image, and the gradient. */
import { ShapeError } from '../base/errors.ts';
import { elementCount, type Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { expectWhole } from './checks.ts';
import { expectFloat } from './elements.ts';
import { launch, linearGrid } from './launch/queue.ts';
import { call, type Op } from './op.ts';
import { expectAxis } from './options.ts';
import * as shaders from './shaders.gen.ts';

export interface PadReflectAttrs {
  /** Negative counts from the last. */
  readonly axis: number;
  /** Elements to add, fewer than there are. */
  readonly before: number;
  readonly after: number;
}

/** `shape` is that of the image, at its unpadded size. */
function launchEntry(
  entry: 'forward' | 'backward',
  from: Tensor,
  to: Tensor,
  shape: Shape,
  attrs: PadReflectAttrs,
) {
  if (to.size === 0) return;
  const { device, dtype } = to;
  const { axis, before, after } = attrs;
  const at = expectAxis('padReflect', 'axis', axis, shape);
  const inner = elementCount(shape.slice(at + 1));
  const width = inner % 4 === 0 ? 4 : 1;
  const count = to.size / width;
  const { workgroup } = device.caps;
  const params = { count, size: shape[at]!, before, after, inner: inner / width };
  const vector = (element: string) => (width === 4 ? `vec4<${element}>` : element);
  const specialization = {
    overrides: { WORKGROUP: workgroup },
    aliases: { V: vector('f32'), X: vector(dtype) },
  };
  launch(
    device,
    shaders.reflect,
    entry,
    { x: from, y: to },
    params,
    linearGrid(count, workgroup),
    specialization,
  );
}

/** Elements before and after along an axis as a mirror at its ends shows them; the ends are not repeated. f32 or f16. */
export const padReflect: Op<PadReflectAttrs> = {
  name: 'padReflect',
  inputs: ['x'],
  infer([x], { axis, before, after }) {
    const { shape, dtype } = expectFloat('padReflect', 'x', x!);
    const at = expectAxis('padReflect', 'axis', axis, shape);
    const size = shape[at]!;
    for (const [side, added] of Object.entries({ before, after })) {
      if (expectWhole('padReflect', side, added) === 0 || added < size) continue;
      const fix =
        size > 1 ? `At most ${size - 1} fit, one less than the axis.` : 'Nothing can be mirrored there.';
      throw new ShapeError('padReflect', side, `is ${added}, but axis ${axis} of x has ${size}`, fix);
    }
    return [{ shape: shape.with(at, before + size + after), dtype }];
  },
  launch: (_device, [x], [y], attrs) => launchEntry('forward', x!, y!, x!.shape, attrs),
  grad: ({ inputs: [x], dy, attrs }) => [call(padReflectGrad, [dy[0]!], { ...attrs, shape: x!.shape })],
};

const padReflectGrad: Op<PadReflectAttrs & { readonly shape: Shape }> = {
  name: 'padReflectGrad',
  infer: ([dy], { shape }) => [{ shape, dtype: dy!.dtype }],
  launch: (_device, [dy], [dx], attrs) => launchEntry('backward', dy!, dx!, attrs.shape, attrs),
};
