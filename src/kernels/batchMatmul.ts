/** @file Products of batches of matrices, whose batch axes broadcast. */

import { ShapeError } from '../base/errors.ts';
import type { Device } from '../tensor/device.ts';
import { broadcastShapes, elementCount, formatShape, type Shape } from '../tensor/shape.ts';
import type { Spec, Tensor } from '../tensor/tensor.ts';
import { elementAliases, expectFloat, expectSameType } from './elements.ts';
import { launch, linearGrid } from './launch/queue.ts';
import { chooseVariant, type Variant } from './launch/variant.ts';
import { call, type Op, type Value } from './op.ts';
import { sumTo } from './reduce.ts';
import * as shaders from './shaders.gen.ts';
import { broadcastStrides, type Walk, walkOf } from './strides.ts';

export interface BatchMatmulAttrs {
  /** The matrices of a (of b) are read with rows and columns swapped. */
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** One problem: the batch, and [rows, depth] · [depth, columns]. */
interface Product {
  readonly batch: Shape;
  readonly rows: number;
  readonly depth: number;
  readonly columns: number;
}

const batchOf = (x: Tensor): Shape => x.shape.slice(0, -2);

/** Rows and columns of the matrices as they are multiplied. */
function matrixOf({ shape }: Tensor, transposed: boolean): [number, number] {
  const [rows, columns] = shape.slice(-2) as [number, number];
  return transposed ? [columns, rows] : [rows, columns];
}

function expectMatrices(op: string, argument: string, x: Tensor): Tensor {
  if (x.shape.length >= 2) return x;
  const problem = `has shape ${formatShape(x.shape)}`;
  const fix = 'Rank 2 or more is needed: reshape a vector to [1, -1] or [-1, 1].';
  throw new ShapeError(op, argument, problem, fix);
}

function productOf(op: string, a: Tensor, b: Tensor, { transposeA, transposeB }: BatchMatmulAttrs): Product {
  const [rows, depth] = matrixOf(a, transposeA);
  const [own, columns] = matrixOf(b, transposeB);
  if (own === depth) return { batch: broadcastShapes(op, batchOf(a), batchOf(b)), rows, depth, columns };
  const shown = ({ shape }: Tensor, turned: boolean) => `${formatShape(shape)}${turned ? ' transposed' : ''}`;
  const problem = `${shown(b, transposeB)} does not follow a, ${shown(a, transposeA)}`;
  throw new ShapeError(op, 'b', problem, 'Its rows must equal the columns of a: [.., n, k] · [.., k, m].');
}

/** Shape and dtype of the product of a and b. @throws ShapeError naming `op` where they do not fit */
export function inferProduct(op: string, left: Tensor, right: Tensor, attrs: BatchMatmulAttrs): Spec {
  const a = expectMatrices(op, 'a', expectFloat(op, 'a', left));
  const b = expectMatrices(op, 'b', expectSameType(op, 'b', right, a.dtype));
  const product = productOf(op, a, b, attrs);
  walkBatch(op, a, b, product);
  return { shape: [...product.batch, product.rows, product.columns], dtype: a.dtype };
}

/** From matrix to matrix of a and b, along the axes of the batch. */
function walkBatch(op: string, a: Tensor, b: Tensor, { batch }: Product): Walk {
  const strides = [a, b].map((x) => {
    const size = elementCount(x.shape.slice(-2));
    return broadcastStrides(batchOf(x), batch).map((stride) => stride * size);
  });
  return walkOf(op, batch, strides);
}

/**
 * a [.., n, k] · b [.., k, m] → [.., n, m], batch axes by NumPy's rule. f32, or f16 where the device computes with it;
 * sums are in f32.
 */
export const batchMatmul: Op<BatchMatmulAttrs> = {
  name: 'batchMatmul',
  inputs: ['a', 'b'],
  infer: ([a, b], attrs) => [inferProduct('batchMatmul', a!, b!, attrs)],
  launch(device, [a, b], [y], attrs) {
    if (y!.size > 0) multiply(device, { a: a!, b: b!, c: y! }, attrs);
  },
  grad({ inputs: [a, b], outputs: [y], dy: [dy], attrs: { transposeA, transposeB } }) {
    const { batch } = productOf('batchMatmul', a!, b!, { transposeA, transposeB });
    const product = (p: Value, turnedP: boolean, q: Value, turnedQ: boolean) =>
      call(batchMatmul, [p, q], { transposeA: turnedP, transposeB: turnedQ });
    const da = transposeA ? product(b!, transposeB, dy!, true) : product(dy!, false, b!, !transposeB);
    const db = transposeB ? product(dy!, true, a!, transposeA) : product(a!, !transposeA, dy!, false);
    const whole = (x: Tensor) => ({ shape: [...batch, ...x.shape.slice(-2)], dtype: y!.dtype });
    return [sumTo(da, whole(a!), a!.shape), sumTo(db, whole(b!), b!.shape)];
  },
};

interface Factors {
  readonly a: Tensor;
  readonly b: Tensor;
  readonly c: Tensor;
}

type ProductVariant = Variant<Product & BatchMatmulAttrs, [tensors: Factors]>;

/** What every form is launched with; strides of the batch in units of `unit` elements. */
function settings(p: Product & BatchMatmulAttrs, { a, b, c }: Factors, unit: number) {
  const { sizes, strides } = walkBatch('batchMatmul', a, b, p);
  const inUnits = (half: readonly number[]) => half.map((stride) => stride / unit);
  const [[a0, a1], [b0, b1]] = [strides[0]!, strides[1]!];
  const { rows, depth, columns } = p;
  const [across, down, batch] = [Math.ceil(columns / 32), Math.ceil(rows / 32), c.size / (rows * columns)];
  const walks = { a0: inUnits(a0), a1: inUnits(a1), b0: inUnits(b0), b1: inUnits(b1) };
  const params = { rows, depth, columns, batch, across, down, sizes0: sizes[0], sizes1: sizes[1], ...walks };
  const overrides = { TURNED_A: Number(p.transposeA), TURNED_B: Number(p.transposeB) };
  const specialization = { overrides, aliases: elementAliases(a) };
  return [params, linearGrid(64 * across * down * batch, 64), specialization] as const;
}

/** Whole vec4s from registers alone. */
const quads: ProductVariant = {
  name: 'quads',
  fits: (_, { rows, depth, columns, transposeA }) =>
    depth % 4 === 0 && columns % 4 === 0 && !(transposeA && rows % 4 !== 0),
  preferred: ({ software }) => software,
  launch: (device, p, tensors) =>
    launch(device, shaders.batchMatmulQuads, 'main', { ...tensors }, ...settings(p, tensors, 4)),
};

/** Through workgroup memory: for GPUs. */
const tiled: ProductVariant = {
  name: 'tiled',
  fits: () => true,
  preferred: ({ software }) => !software,
  launch: (device, p, tensors) =>
    launch(device, shaders.batchMatmul, 'tiled', { ...tensors }, ...settings(p, tensors, 1)),
};

const direct: ProductVariant = {
  name: 'direct',
  fits: () => true,
  launch: (device, p, tensors) =>
    launch(device, shaders.batchMatmul, 'direct', { ...tensors }, ...settings(p, tensors, 1)),
};

const variants: readonly ProductVariant[] = [quads, tiled, direct];

function multiply(device: Device, tensors: Factors, attrs: BatchMatmulAttrs): void {
  const problem = { ...productOf('batchMatmul', tensors.a, tensors.b, attrs), ...attrs };
  chooseVariant(device, 'batchMatmul', variants, problem).launch(device, problem, tensors);
}
