/** @file Labels move as their images do, by nearest neighbour: against float64, PyTorch, and `warp` itself. */
import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { capture } from '../../src/autograd/step.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { poisoned } from '../check.ts';
import { useDevice } from '../device.ts';
import { upload } from '../golden-op.ts';
import { describeCase, goldenCases } from '../goldens.ts';

const device = useDevice();
const identity = [1, 0, 0, 0, 1, 0];

const classes = (count: number) => Array.from({ length: count }, (_, i) => 1 + ((i * 7 + (i >> 3)) % 5));

/** Labels of the pixels nearest to where each output pixel reads, in float64. */
function reference(
  labels: readonly number[],
  [n, height, width]: readonly [number, number, number],
  matrices: readonly (readonly number[])[],
  outside: number,
): number[] {
  return Array.from({ length: n * height * width }, (_, i) => {
    const [image, row, column] = [Math.floor(i / width / height), Math.floor(i / width) % height, i % width];
    const m = matrices[image]!.map(Math.fround);
    const x = Math.floor(m[0]! * column + m[1]! * row + m[2]! + 0.5);
    const y = Math.floor(m[3]! * column + m[4]! * row + m[5]! + 0.5);
    if (!(x >= 0 && y >= 0 && x < width && y < height)) return outside;
    return labels[(image * height + y) * width + x]!;
  });
}

async function moved(labels: Tensor, matrices: readonly number[], outside?: number): Promise<number[]> {
  const on = tensor(device(), matrices, [labels.shape[0]!, 6]);
  return poisoned(device(), async () => [...(await ops.warpLabels(labels, on, { outside }).read())]);
}

describe('warpLabels', () => {
  it('takes the label of the nearest pixel, as float64 does, by one matrix per image', async () => {
    const matrices = [
      [1.1, -0.4, 0.313, 0.4, 1.1, -1.207],
      [-0.6, 0.3, 3.171, -0.31, -0.62, 5.093],
      [0, 0, 1e9, 0, 0, -1e9],
    ];
    for (const shape of [
      [3, 7, 9],
      [3, 1, 1],
      [3, 1, 6],
      [3, 33, 70],
    ] as const) {
      const values = classes(shape[0] * shape[1] * shape[2]);
      for (const [dtype, outside] of [
        ['u32', 255],
        ['i32', -100],
      ] as const) {
        const out = await moved(tensor(device(), values, shape, dtype), matrices.flat(), outside);
        expect(out).toEqual(reference(values, shape, matrices, outside));
      }
    }
  });

  it('agrees with PyTorch', async () => {
    for (const one of await goldenCases('warpLabels')) {
      const { labels, matrices } = one.inputs;
      const out = await moved(upload(device(), labels!), [...matrices!.data], one.attrs.outside as number);
      expect(out, describeCase(one)).toEqual([...one.outputs.y!.data]);
    }
  });

  it('takes the later of two pixels that are equally near', async () => {
    const row = tensor(device(), [1, 2, 3, 4], [1, 1, 4], 'u32');
    expect(await moved(row, [1, 0, 0.5, 0, 1, 0])).toEqual([2, 3, 4, 0]);
    expect(await moved(row, [1, 0, -0.5, 0, 1, 0])).toEqual([1, 2, 3, 4]);
    const column = tensor(device(), [1, 2, 3, 4], [1, 4, 1], 'u32');
    expect(await moved(column, [1, 0, -0.5, 0, 1, 1.5])).toEqual([3, 4, 0, 0]);
    expect(await moved(column, [1, 0, 0.5, 0, 1, 0])).toEqual([0, 0, 0, 0]);
    // just below the middle, where a sum with 0.5 would be rounded up
    expect(await moved(row, [1, 0, 0, 0, 1, 0.49999997])).toEqual([1, 2, 3, 4]);
  });

  it('leaves labels as they are by the identity, and turns them by quarters without a change', async () => {
    const values = [0, 1, 2 ** 32 - 1, 255, 7, 8, 9, 10, 11];
    const labels = tensor(device(), values, [1, 3, 3], 'u32');
    expect(await moved(labels, identity)).toEqual(values);
    const turned = [0, 1, 2, 3, 4, 5, 6, 7, 8].map((i) => values[(2 - (i % 3)) * 3 + Math.floor(i / 3)]);
    expect(await moved(labels, [0, 1, 0, -1, 0, 2])).toEqual(turned);
  });

  it('moves a disc to where warp moves its image', async () => {
    const size = 40;
    const disc = Array.from({ length: size * size }, (_, i) =>
      Number(Math.hypot((i % size) - 22, Math.floor(i / size) - 15) < 9),
    );
    const matrix = tensor(device(), [0.8, -0.5, 9.3, 0.5, 0.8, -4.1], [1, 6]);
    const image = tensor(device(), disc, [1, size, size, 1]);
    const warped = await ops.warp(image, matrix, tensor(device(), [1, 0], [1, 2])).read();
    const labels = await ops.warpLabels(tensor(device(), disc, [1, size, size], 'u32'), matrix).read();
    const sure = [...warped.keys()].filter((i) => warped[i]! < 0.25 || warped[i]! > 0.75);
    expect(sure.filter((i) => warped[i]! > 0.5).length).toBeGreaterThan(150);
    expect(sure.filter((i) => labels[i] !== Number(warped[i]! > 0.5))).toEqual([]);
  });

  it('takes what is read from nowhere for outside', async () => {
    const labels = tensor(device(), classes(4 * 3), [4, 1, 3], 'u32');
    const matrices = [
      [1, 0, Number.NaN, 0, 1, 0],
      [1, 0, Infinity, 0, 1, 0],
      [1, 0, 0, 0, 1, -Infinity],
    ];
    const out = await moved(labels, [...matrices.flat(), ...identity], 9);
    expect(out).toEqual([...new Array(9).fill(9), ...classes(12).slice(9)]);
  });

  it('takes more images, rows and columns than a grid has workgroups along an axis, and none', async () => {
    for (const shape of [
      [70_000, 2, 1],
      [1, 70_000, 2],
      [1, 1, 4_300_000],
    ] as const) {
      const labels = tensor(device(), new Uint32Array(shape[0] * shape[1] * shape[2]).fill(3), shape, 'u32');
      const matrices = new Float32Array(shape[0] * 6).map((_, i) => identity[i % 6]!);
      const on = tensor(device(), matrices, [shape[0], 6]);
      const out = await poisoned(device(), () => ops.warpLabels(labels, on).read());
      expect(out.every((v) => v === 3)).toBe(true);
      device().memory.trim();
    }
    const none = [zeros(device(), [0, 2, 2], 'u32'), zeros(device(), [0, 6])] as const;
    expect(ops.warpLabels(...none)).toMatchObject({ shape: [0, 2, 2], dtype: 'u32' });
    const flat = [zeros(device(), [2, 0, 3], 'i32'), zeros(device(), [2, 6])] as const;
    expect([...(await ops.warpLabels(...flat).read())]).toEqual([]);
  });

  it('runs in a captured step on what its tensors hold', async () => {
    const labels = tensor(device(), [1, 2, 3], [1, 1, 3], 'u32');
    const matrices = tensor(device(), identity, [1, 6]);
    using step = await capture(device(), () => ({ y: ops.warpLabels(labels, matrices, { outside: 5 }) }));
    step.run();
    expect([...(await step.outputs.y.read())]).toEqual([1, 2, 3]);
    matrices.write([1, 0, 1, 0, 1, 0]);
    step.run();
    expect([...(await step.outputs.y.read())]).toEqual([2, 3, 5]);
  });

  it('refuses what are no class numbers, matrices of another batch, and labels outside that cannot be', () => {
    const [labels, matrices] = [zeros(device(), [1, 2, 2], 'u32'), zeros(device(), [1, 6])];
    const refused = (call: () => Tensor, message: string) => expect(call).toThrow(message);
    refused(() => ops.warpLabels(zeros(device(), [1, 2, 2]), matrices), 'warpLabels: labels has dtype f32');
    refused(() => ops.warpLabels(zeros(device(), [1, 2, 2, 1], 'u32'), matrices), 'Rank 3 is needed');
    refused(() => ops.warpLabels(labels, zeros(device(), [2, 6])), 'warpLabels: matrices has shape [2, 6]');
    refused(() => ops.warpLabels(labels, zeros(device(), [1, 6], 'i32')), 'matrices has dtype i32');
    refused(() => ops.warpLabels(labels, undefined as never), 'warpLabels: matrices is undefined');
    refused(() => ops.warpLabels(labels, matrices, { outside: -1 }), 'warpLabels: outside is -1');
    refused(() => ops.warpLabels(labels, matrices, { outside: 0.5 }), 'outside is 0.5');
    refused(() => ops.warpLabels(labels, matrices, { out: 1 } as never), 'option out is unknown');
  });
});
