/** @file Comparison and choice, element by element. */
import { call, expectShape, expectType, type Op } from './op.ts';
import { launch, linearGrid } from './queue.ts';
import * as shaders from './shaders.gen.ts';

/** a > b as bool, for f32 of one shape. No gradient. */
export const greater: Op<null> = {
  name: 'greater',
  infer([a, b]) {
    const { shape } = expectType('greater', 'a', a!, 'f32');
    expectType('greater', 'b', expectShape('greater', 'b', b!, shape), 'f32');
    return [{ shape, dtype: 'bool' }];
  },
  launch(device, [a, b], [y]) {
    const quads = Math.ceil(y!.size / 4);
    const { workgroup } = device.caps;
    const tensors = { a: a!, b: b!, truths: y! };
    const overrides = { WORKGROUP: workgroup };
    launch(device, shaders.choose, 'greater', tensors, { quads }, linearGrid(quads, workgroup), {
      overrides,
    });
  },
};

/** a where the condition (bool) holds, else b; f32 of one shape, null for 0. */
export const where: Op<null> = {
  name: 'where',
  infer([condition, a, b]) {
    const { shape } = expectType('where', 'condition', condition!, 'bool');
    if (a) expectType('where', 'a', expectShape('where', 'a', a, shape), 'f32');
    if (b) expectType('where', 'b', expectShape('where', 'b', b, shape), 'f32');
    return [{ shape, dtype: 'f32' }];
  },
  launch(device, [condition, a, b], [y]) {
    const quads = Math.ceil(y!.size / 4);
    const { workgroup } = device.caps;
    const tensors = { condition: condition!, a: a ?? condition!, b: b ?? condition!, y: y! };
    const overrides = { WORKGROUP: workgroup, NO_A: Number(!a), NO_B: Number(!b) };
    launch(device, shaders.choose, 'choose', tensors, { quads }, linearGrid(quads, workgroup), { overrides });
  },
  grad: ({ inputs: [condition], dy: [dy] }) => [
    null,
    call(where, [condition!, dy!, null], null),
    call(where, [condition!, null, dy!], null),
  ],
};
