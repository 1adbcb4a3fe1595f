/** @file The batch of matrix products in the middle of every Winograd convolution, one a plane. */
import { empty } from '../../tensor/create.ts';
import type { Device } from '../../tensor/device.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { foldedGrid } from '../launch/grid.ts';
import { launch } from '../launch/queue.ts';
import { chooseVariant, hasQuads, softwareLanes, type Variant } from '../launch/variant.ts';
import * as shaders from '../shaders.gen.ts';
import { finishGrad } from './finishGrad.ts';
import { emptyPlanes, planeOf } from './winogradPlanes.ts';

/** One matrix product a plane, C = A·B. */
export interface Product {
  /** Planes. */
  readonly points: number;
  /** Of A and C; a multiple of 4 where A is turned. */
  readonly rows: number;
  /** Multiples of 4. */
  readonly depth: number;
  readonly columns: number;
  /** A is [depth, rows] instead of [rows, depth], B [columns, depth] instead of [depth, columns]. */
  readonly turnedA: boolean;
  readonly turnedB: boolean;
  /** From one plane of B to the next, in vec4s, where B is a part of longer planes. */
  readonly planeB?: number;
}

interface Factors {
  readonly a: Tensor;
  readonly b: Tensor;
  readonly c: Tensor;
}

type ProductVariant = Variant<Product, [tensors: Factors, label: string]>;

function paramsOf({ points, rows, depth, columns, planeB }: Product) {
  return {
    rows,
    depth,
    columns,
    planeA: planeOf(rows * depth, 4),
    planeB: planeB ?? planeOf(depth * columns, 4),
    planeC: planeOf(rows * columns, 4),
    points,
    chunk: depth,
    stripC: 0,
  };
}

const overridesOf = ({ turnedA, turnedB }: Product) => ({
  TURNED_A: Number(turnedA),
  TURNED_B: Number(turnedB),
});

const quad: ProductVariant = {
  name: 'quad',
  fits: hasQuads,
  launch(device, p, tensors, label) {
    const lanes = device.caps.subgroupSize;
    const { grid, folds } = foldedGrid(Math.ceil(p.rows / 16), Math.ceil(p.columns / (4 * lanes)), p.points);
    const overrides = { ...overridesOf(p), LANES: lanes, ...folds };
    launch(device, shaders.winogradProduct, 'main', { ...tensors }, paramsOf(p), grid, { overrides }, label);
  },
};

/** On SwiftShader 13 to 18 % faster than `quad`; on lavapipe slower. */
const wide: ProductVariant = {
  name: 'wide',
  fits: hasQuads,
  preferred: (caps, { columns }) => softwareLanes(caps) === 4 && columns % 32 === 0,
  launch(device, p, tensors, label) {
    const lanes = device.caps.subgroupSize;
    const { grid, folds } = foldedGrid(Math.ceil(p.rows / 16), Math.ceil(p.columns / (8 * lanes)), p.points);
    const overrides = { ...overridesOf(p), LANES: lanes, ...folds };
    const shader = shaders.winogradProductWide;
    launch(device, shader, 'main', { ...tensors }, paramsOf(p), grid, { overrides }, label);
  },
};

const twin: ProductVariant = {
  name: 'twin',
  fits: ({ subgroupSize }) => subgroupSize === 8,
  // 32 rows are computed at a time.
  preferred: (caps, { rows }) => caps.software && rows > 16,
  launch(device, p, tensors, label) {
    const { grid, folds } = foldedGrid(Math.ceil(p.rows / 32), Math.ceil(p.columns / 32), p.points);
    const overrides = { ...overridesOf(p), ...folds };
    const shader = shaders.winogradProductTwin;
    launch(device, shader, 'main', { ...tensors }, paramsOf(p), grid, { overrides }, label);
  },
};

/** Workgroups that keep a large GPU busy; the depth is cut into strips until there are as many. */
const BUSY = 512;
const LEAST_STRIP = 64;

/** Strips of the depth, and depths of each: whole rounds of 16. */
function stripsOf({ points, rows, depth, columns }: Product) {
  const tiles = points * Math.ceil(rows / 64) * Math.ceil(columns / 64);
  const wanted = Math.max(1, Math.min(Math.floor(BUSY / tiles), Math.ceil(depth / LEAST_STRIP)));
  const chunk = Math.ceil(depth / wanted / 16) * 16;
  return { chunk, strips: Math.ceil(depth / chunk) };
}

const gemm: ProductVariant = {
  name: 'gemm',
  fits: () => true,
  preferred: (caps) => !caps.software,
  launch(device, p, tensors, label) {
    const { chunk, strips } = stripsOf(p);
    const { grid, folds } = foldedGrid(Math.ceil(p.rows / 64), Math.ceil(p.columns / 64), p.points * strips);
    const overrides = { ...overridesOf(p), ...folds };
    const params = { ...paramsOf(p), chunk, stripC: tensors.c.size / 4 };
    const shader = shaders.winogradProductGemm;
    if (strips === 1) {
      launch(device, shader, 'main', { ...tensors }, params, grid, { overrides }, label);
      return;
    }
    using partial = empty(device, { shape: [strips, tensors.c.size], dtype: 'f32' }, 'strips of products');
    launch(device, shader, 'main', { ...tensors, c: partial }, params, grid, { overrides }, label);
    finishGrad(device, { strips: partial, dw: tensors.c }, undefined, label);
  },
};

/** Lanes of a workgroup of the tile form: no more than there are quads of columns, but few different ones. */
const lanesFor = (columns: number): number => (columns > 32 ? 16 : columns > 16 ? 8 : 4);

const tile: ProductVariant = {
  name: 'tile',
  fits: () => true,
  launch(device, p, tensors, label) {
    const lanes = lanesFor(p.columns);
    const { grid, folds } = foldedGrid(Math.ceil(p.rows / 8), Math.ceil(p.columns / (4 * lanes)), p.points);
    const overrides = { ...overridesOf(p), LANES: lanes, ...folds };
    const shader = shaders.winogradProductTile;
    launch(device, shader, 'main', { ...tensors }, paramsOf(p), grid, { overrides }, label);
  },
};

/** Preferred first: for software adapters with subgroups, for GPUs, and for software adapters without. */
export const productVariants: readonly ProductVariant[] = [twin, wide, quad, gemm, tile];

/** The product of every plane: [points, rows, columns], with gaps. */
export function multiply(device: Device, a: Tensor, b: Tensor, p: Product, label: string): Tensor {
  const c = emptyPlanes(device, p.points, p.rows * p.columns);
  multiplyInto(device, { a, b, c }, p, label);
  return c;
}

/** As `multiply`, into `c`. */
export function multiplyInto(device: Device, tensors: Factors, p: Product, label: string): void {
  chooseVariant(device, 'product', productVariants, p).launch(device, p, tensors, label);
}
