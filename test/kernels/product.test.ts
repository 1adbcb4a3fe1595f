import { describe, expect, it } from 'vitest';
import { GAP } from '../../src/kernels/conv/winogradPlanes.ts';
import { multiply, type Product, productVariants } from '../../src/kernels/conv/winogradProduct.ts';
import { problemKey } from '../../src/kernels/launch/problem.ts';
import { setChoices } from '../../src/kernels/launch/variant.ts';
import { watched } from '../../src/kernels/launch/watch.ts';
import { tensor } from '../../src/tensor/create.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { expectClose, poisoned, random } from '../check.ts';
import { useDevice } from '../device.ts';

const device = useDevice();

/** One row and column of blocks or several, none whole; one depth or a tail; turned both ways. */
const sizes: readonly (readonly [points: number, rows: number, depth: number, columns: number])[] = [
  [1, 4, 4, 4],
  [9, 20, 36, 8],
  [3, 68, 16, 132],
  [2, 132, 20, 36],
  [1, 8, 512, 20],
  // strips of a depth that they do not divide, for the form for GPUs
  [2, 8, 520, 12],
];
const turns = [
  [false, false],
  [false, true],
  [true, false],
  [true, true],
] as const;

/** Random planes of `count` values with NaN in the gaps between, which no product may read. */
function planes(points: number, count: number, seed: number): { values: Float64Array; planes: Tensor } {
  const values = random([points, count], seed).data;
  const spaced = new Float32Array(points * (count + GAP)).fill(Number.NaN);
  for (let p = 0; p < points; p++) spaced.set(values.subarray(p * count, (p + 1) * count), p * (count + GAP));
  return { values, planes: tensor(device(), spaced, [points, count + GAP]) };
}

function reference(a: Float64Array, b: Float64Array, product: Product): Float64Array {
  const { points, rows, depth, columns, turnedA, turnedB } = product;
  const c = new Float64Array(points * rows * columns);
  for (let p = 0; p < points; p++)
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++)
        for (let d = 0; d < depth; d++) {
          const left = a[p * rows * depth + (turnedA ? d * rows + i : i * depth + d)]!;
          const right = b[p * depth * columns + (turnedB ? j * depth + d : d * columns + j)]!;
          c[(p * rows + i) * columns + j]! += left * right;
        }
  return c;
}

/** What lies in the planes, without the gaps. */
async function valuesOf(spaced: Tensor, { points, rows, columns }: Product): Promise<Float32Array> {
  const all = await spaced.read();
  const count = rows * columns;
  const values = new Float32Array(points * count);
  for (let p = 0; p < points; p++)
    values.set(all.subarray(p * (count + GAP), p * (count + GAP) + count) as Float32Array, p * count);
  return values;
}

async function check(name: string, product: Product): Promise<void> {
  const { points, rows, depth, columns } = product;
  const a = planes(points, rows * depth, 1);
  const b = planes(points, depth * columns, 2);
  setChoices(device(), { [problemKey('product', product)]: name });
  await poisoned(device(), async () => {
    const c = multiply(device(), a.planes, b.planes, product, name);
    const wanted = reference(a.values, b.values, product);
    expectClose(await valuesOf(c, product), wanted, 2 ** -22 * Math.sqrt(depth), JSON.stringify(product));
  });
}

const one: Product = { points: 1, rows: 4, depth: 4, columns: 4, turnedA: false, turnedB: false };

describe('products of planes', () => {
  for (const { name, fits } of productVariants)
    it(`${name}: match f64 for any sizes, turned or not, and read no gap`, async () => {
      // the forms across lanes need subgroups
      if (!fits(device().caps, one)) return;
      // every turn means another shader to compile: all for one size, for the others one each
      for (const [i, [points, rows, depth, columns]] of sizes.entries())
        for (const [turnedA, turnedB] of i === 1 ? turns : [turns[i % 4]!])
          await check(name, { points, rows, depth, columns, turnedA, turnedB });
      // an A that is not turned may have any number of rows
      for (const rows of [1, 3, 65])
        await check(name, { points: 2, rows, depth: 12, columns: 20, turnedA: false, turnedB: true });
    });

  it('are offered to the tuner in every form that fits', () => {
    const fitting: string[] = [];
    const watcher = {
      launching() {},
      choosing(choice: { readonly fitting: readonly string[] }) {
        fitting.push(...choice.fitting);
      },
    };
    const { planes: factor } = planes(1, 16, 1);
    watched(device(), watcher, () => multiply(device(), factor, factor, one, 'watched'));
    const { subgroupSize } = device().caps;
    const lanes = subgroupSize === 8 ? ['twin', 'wide', 'quad'] : subgroupSize === 4 ? ['wide', 'quad'] : [];
    expect(fitting).toEqual([...lanes, 'gemm', 'tile']);
  });
});
