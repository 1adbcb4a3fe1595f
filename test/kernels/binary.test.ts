import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { ShapeError } from '../../src/base/errors.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { elementCount, type Shape } from '../../src/tensor/shape.ts';
import { checkOp, type Host, random } from '../check.ts';
import { useDevice } from '../device.ts';
import { checkGolden } from '../golden-op.ts';
import { goldenCases } from '../goldens.ts';

const device = useDevice();
const functions = {
  add: { op: ops.add, golden: 'add', f: (p: number, q: number) => p + q },
  subtract: { op: ops.subtract, golden: 'sub', f: (p: number, q: number) => p - q },
  multiply: { op: ops.multiply, golden: 'mul', f: (p: number, q: number) => p * q },
  divide: { op: ops.divide, golden: 'div', f: (p: number, q: number) => p / q },
};

/** The element of `x` that NumPy's rule pairs with coordinates in the result. */
function at(x: Host, coordinates: readonly number[]): number {
  const own = coordinates.slice(coordinates.length - x.shape.length);
  return x.data[own.reduce((offset, c, axis) => offset * x.shape[axis]! + (x.shape[axis] === 1 ? 0 : c), 0)]!;
}

function reference(a: Host, b: Host, shape: Shape, f: (p: number, q: number) => number): Host {
  const coordinates = shape.map(() => 0);
  const data = new Float64Array(elementCount(shape)).map(() => {
    const value = f(at(a, coordinates), at(b, coordinates));
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      coordinates[axis]!++;
      if (coordinates[axis]! < shape[axis]!) break;
      coordinates[axis] = 0;
    }
    return value;
  });
  return { shape, data };
}

const shapes: readonly [Shape, Shape, Shape][] = [
  [[1], [1], [1]],
  [
    [2, 3, 5, 7],
    [2, 3, 5, 7],
    [2, 3, 5, 7],
  ],
  [[2, 3, 8], [8], [2, 3, 8]],
  [
    [3, 4],
    [2, 1, 3, 4],
    [2, 1, 3, 4],
  ],
  [
    [2, 3, 5, 8],
    [2, 1, 1, 8],
    [2, 3, 5, 8],
  ],
  [
    [2, 3, 1],
    [2, 1, 4],
    [2, 3, 4],
  ],
  [[], [7], [7]],
  [
    [2, 1, 3, 1, 2, 3],
    [1, 3, 1, 2, 2, 1],
    [2, 3, 3, 2, 2, 3],
  ],
];

describe('binary', () => {
  for (const [name, { op, golden, f }] of Object.entries(functions)) {
    it(`${name} broadcasts by NumPy's rule, and its gradients sum over what was repeated`, async () => {
      for (const [a, b, y] of shapes) {
        await checkOp(device(), {
          inputs: [random(a, 1, 0.5, 2), random(b, 2, 0.5, 2)],
          forward: op,
          reference: (p, q) => reference(p, q, y, f),
          reduction: 16,
        });
      }
    });

    it(`${name} equals torch`, async () => {
      for (const one of await goldenCases('binary', golden))
        await checkGolden(device(), one, ({ a, b }) => op(a!, b!));
    });
  }

  it('refuses shapes that do not broadcast and dtypes that differ', () => {
    const x = zeros(device(), [2, 3]);
    expect(() => ops.add(x, zeros(device(), [2]))).toThrow(ShapeError);
    expect(() => ops.add(x, zeros(device(), [3], 'i32'))).toThrow('dtype i32');
    expect(() => ops.add(tensor(device(), [1], [1], 'i32'), x)).toThrow('Cast one of them');
  });
});
