import { afterEach, describe, expect, it, vi } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { problemsOf } from '../../src/autograd/problems.ts';
import { tune } from '../../src/autograd/tune.ts';
import { binary } from '../../src/kernels/binary.ts';
import { chooseVariant, type Variant } from '../../src/kernels/launch/variant.ts';
import type { Op } from '../../src/kernels/op.ts';
import { unary } from '../../src/kernels/unary.ts';
import { empty, randomNormal } from '../../src/tensor/create.ts';
import type { Device } from '../../src/tensor/device.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { useDevice } from '../device.ts';
import { clockOf } from './clock.ts';

const device = useDevice();
afterEach(() => {
  vi.restoreAllMocks();
});

const MIB = 1 << 20;

/** Tells of buffers larger than `most` bytes that memory did not suffice, as WebGPU does: when it is asked later. */
function shortOfMemory(most: number): void {
  const { gpu } = device();
  const [createBuffer, popErrorScope] = [gpu.createBuffer.bind(gpu), gpu.popErrorScope.bind(gpu)];
  let full = false;
  vi.spyOn(gpu, 'createBuffer').mockImplementation((descriptor) => {
    full ||= descriptor.size > most;
    return createBuffer(descriptor);
  });
  vi.spyOn(gpu, 'popErrorScope').mockImplementation(async () => {
    const failed = full;
    full = false;
    const error = await popErrorScope();
    return failed ? { message: 'no room' } : error;
  });
}

type DoubleVariant = Variant<{ readonly size: number }, [x: Tensor, y: Tensor]>;

const scale = (on: Device, x: Tensor, y: Tensor) => unary.launch(on, [x], [y], { fn: 'affine', alpha: 2 });
const add = (on: Device, x: Tensor, y: Tensor) => binary.launch(on, [x, x], [y], { fn: 'add' });

const scaled: DoubleVariant = { name: 'scaled', fits: () => true, launch: (on, _, x, y) => scale(on, x, y) };
const added: DoubleVariant = { name: 'added', fits: () => true, launch: (on, _, x, y) => add(on, x, y) };

/** By way of as many bytes as it is told to. */
const roundabout = (name: string, bytesOf: () => number): DoubleVariant => ({
  name,
  fits: () => true,
  launch(on, _, x, y) {
    using large = empty(on, { shape: [bytesOf() / 4], dtype: 'f32' }, 'roundabout');
    scale(on, x, large);
    add(on, x, y);
  },
});

/** 2x, by the first of the variants unless told otherwise. */
const doubleBy = (name: string, variants: readonly DoubleVariant[]): Op<null> => ({
  name,
  infer: ([x]) => [x!],
  launch(on, [x], [y]) {
    const problem = { size: x!.size };
    chooseVariant(on, name, variants, problem).launch(on, problem, x!, y!);
  },
});

const problemsWith = (...of: readonly Op<null>[]) =>
  problemsOf(device(), () => {
    const x = randomNormal(device(), [2, 3], 1);
    return { y: of.map((op) => ops.apply(op, [x], null)).at(-1)! };
  });

describe('tuner short of memory', () => {
  it('passes over a variant that needs too much, and lets go of all that it held', async () => {
    const problems = problemsWith(doubleBy('double', [scaled, roundabout('large', () => 4 * MIB), added]));
    shortOfMemory(MIB);
    const before = device().memory.liveBytes;
    const [winner] = await tune(device(), problems, { limitMs: 1e6, now: clockOf(() => 1) });
    expect(device().memory.liveBytes).toBe(before);
    expect(winner).toMatchObject({ chosen: 'scaled', complete: true });
  });

  it('passes over a variant that needs too much only where it is repeated', async () => {
    let bytes = 0;
    const growing = roundabout('growing', () => {
      bytes += MIB;
      return bytes;
    });
    const problems = problemsWith(doubleBy('double', [scaled, growing]));
    shortOfMemory(2 * MIB);
    const before = device().memory.liveBytes;
    const [winner] = await tune(device(), problems, { limitMs: 1e6, now: clockOf(() => 0.01) });
    expect(bytes).toBeGreaterThan(2 * MIB);
    expect(device().memory.liveBytes).toBe(before);
    expect(winner).toMatchObject({ chosen: 'scaled', complete: true });
  });

  it('finds another variant where the ordered one needs too much, and tunes the other problems as ever', async () => {
    const large = roundabout('large', () => 4 * MIB);
    const problems = problemsWith(
      doubleBy('first', [large, scaled, added]),
      doubleBy('second', [scaled, added]),
    );
    shortOfMemory(MIB);
    const now = clockOf(({ pipeline }) => (pipeline.shader.name === 'binary' ? 3 : 10));
    expect(await tune(device(), problems, { limitMs: 1e6, now })).toMatchObject([
      { ordered: 'large', orderedMs: null, chosen: 'added', ms: null, complete: true },
      { ordered: 'scaled', orderedMs: 10, chosen: 'added', ms: 3, complete: true },
    ]);
  });

  it('leaves a problem open that no variant can solve', async () => {
    const [first, second] = ['first', 'second'].map((name) => roundabout(name, () => 4 * MIB));
    const problems = problemsWith(doubleBy('double', [first!, second!]));
    shortOfMemory(MIB);
    const winners = await tune(device(), problems, { limitMs: 1e6, now: clockOf(() => 1) });
    expect(winners).toMatchObject([{ chosen: 'first', ms: null, orderedMs: null, complete: false }]);
  });
});
