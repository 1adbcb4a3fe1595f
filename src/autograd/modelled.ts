/** @file What problems are likely to cost, from their sizes alone: the tuner begins with those that take most of a step. */
import { byteSize } from '../tensor/dtype.ts';
import { elementCount } from '../tensor/shape.ts';
import type { Spec } from '../tensor/tensor.ts';
import type { Problem } from './problems.ts';

/** Multiply-adds that take as long as a byte does; of processors and GPUs 5 to 20. */
const PER_BYTE = 10;

/** Fields of a problem that its terms run over. */
const EXTENTS = /^(batch|points|rows|depth|columns|kernelHeight|kernelWidth|k|m|a|b)$/;

/** Sides of two images; each pixel of the one with fewer meets every tap. */
const SIDES = [
  ['inHeight', 'outHeight'],
  ['inWidth', 'outWidth'],
  ['largeHeight', 'smallHeight'],
  ['largeWidth', 'smallWidth'],
] as const;

/** Of a convolution, its gradients, or a product; 0 where a problem has no such fields. */
function multiplyAdds({ key }: Problem): number {
  const fields = JSON.parse(key.slice(key.indexOf(' '))) as Record<string, unknown>;
  const counts = Object.entries(fields).flatMap(([name, value]) =>
    EXTENTS.test(name) && typeof value === 'number' ? [value] : [],
  );
  const sides = SIDES.flatMap(([one, other]) =>
    one in fields ? [Math.min(Number(fields[one]), Number(fields[other]))] : [],
  );
  return counts.length === 0 ? 0 : [...counts, ...sides].reduce((product, count) => product * count);
}

const bytesOf = ({ shape, dtype }: Spec): number => elementCount(shape) * byteSize(dtype);

/** Bytes, and multiply-adds as bytes, whichever are more: of all launches of a step that come to the problem. */
function costOf(problem: Problem): number {
  const { replicas, uses } = problem;
  const bytes = replicas
    .flatMap(({ specs, outputs }) => [...specs, ...outputs])
    .reduce((sum, spec) => sum + bytesOf(spec), 0);
  return uses * Math.max(bytes / replicas.length, multiplyAdds(problem) / PER_BYTE);
}

/** Each problem's share of the time that all together take, as their sizes let expect. */
export function modelledShares(problems: readonly Problem[]): ReadonlyMap<Problem, number> {
  const costs = problems.map(costOf);
  const all = costs.reduce((sum, cost) => sum + cost, 0) || 1;
  return new Map(problems.map((problem, i) => [problem, costs[i]! / all]));
}
