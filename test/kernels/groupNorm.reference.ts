/** @file Norms over groups in float64, with what tells one from another. */
import * as ops from '../../src/autograd/ops.ts';
import { elementCount, type Shape } from '../../src/tensor/shape.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import type { Host } from '../check.ts';

/** Which group an element belongs to, and which element of weight and bias is its. */
interface Layout {
  group(index: number): number;
  row(index: number): number;
}

/** A norm under test. */
export interface Norm {
  readonly name: string;
  layout(shape: Shape): Layout;
  /** Shape of weight and bias. */
  affine(shape: Shape): Shape;
  apply(x: Tensor, weight: Tensor | null, bias: Tensor | null): Tensor;
}

export function layerNormOver(count: number): Norm {
  const affine = (shape: Shape) => shape.slice(shape.length - count);
  const axes = Array.from({ length: count }, (_, i) => -1 - i);
  return {
    name: `layerNorm over ${count}`,
    affine,
    layout(shape) {
      const size = elementCount(affine(shape));
      return { group: (i) => Math.floor(i / size), row: (i) => i % size };
    },
    apply: (x, weight, bias) => ops.layerNorm(x, weight, bias, { axes }),
  };
}

export function groupNormOf(groups: number): Norm {
  return {
    name: `groupNorm in ${groups}`,
    affine: (shape) => shape.slice(-1),
    layout(shape) {
      const channels = shape.at(-1)!;
      const image = elementCount(shape.slice(1));
      const each = channels / groups;
      const row = (i: number) => i % channels;
      return { group: (i) => Math.floor(i / image) * groups + Math.floor(row(i) / each), row };
    },
    apply: (x, weight, bias) => ops.groupNorm(x, groups, weight, bias),
  };
}

export const instanceNorm: Norm = {
  ...groupNormOf(1),
  name: 'instanceNorm',
  layout: (shape) => groupNormOf(shape.at(-1)!).layout(shape),
  apply: ops.instanceNorm,
};

export function reference({ layout }: Norm, x: Host, weight?: Host, bias?: Host): Host {
  const { group, row } = layout(x.shape);
  const members = new Map<number, number[]>();
  for (let i = 0; i < x.data.length; i++) {
    const others = members.get(group(i));
    if (others) others.push(i);
    else members.set(group(i), [i]);
  }
  const data = new Float64Array(x.data.length);
  for (const all of members.values()) {
    const mean = all.reduce((sum, i) => sum + x.data[i]!, 0) / all.length;
    const variance = all.reduce((sum, i) => sum + (x.data[i]! - mean) ** 2, 0) / all.length;
    for (const i of all) {
      const scale = weight?.data[row(i)] ?? 1;
      data[i] = ((x.data[i]! - mean) / Math.sqrt(variance + 1e-5)) * scale + (bias?.data[row(i)] ?? 0);
    }
  }
  return { shape: x.shape, data };
}
