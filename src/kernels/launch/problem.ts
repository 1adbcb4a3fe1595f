/**
 * @file Problems as text: exactly, as a device's choices and checkpoints name them, and in buckets of sizes, as winners
 * are kept between runs (docs/decisions/tuning.md).
 */
import { Tensor } from '../../tensor/tensor.ts';

/** Whether a field of a problem counts pixels, images, or what is made of them. All others, channels too, are exact. */
const COUNTS = /^(batch|rows|depth|outer|strips|planeB|large|small|(in|out|large|small)(Height|Width))$/;

/** Counts below it are exact but for that of images: there the edges of tiles are much of the work. */
const EXACT_BELOW = 16;

type Round = (field: string, value: number) => number;

const exact: Round = (_, value) => value;

/** Counts rounded down to a power of two. */
const bucketed: Round = (field, value) => {
  const small = value < (field === 'batch' ? 1 : EXACT_BELOW);
  return small || !COUNTS.test(field) ? value : 2 ** Math.floor(Math.log2(value));
};

/** With fields in order, and without those that are undefined. */
function plain(value: unknown, round: Round, field = ''): unknown {
  if (typeof value === 'number') return round(field, value);
  if (Array.isArray(value)) return value.map((one) => plain(one, round, field));
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).filter(([, one]) => one !== undefined);
  const sorted = fields.sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted.map(([name, one]) => [name, plain(one, round, name)]));
}

/** An op's problem as text: the same for equal sizes, strides and dtypes, whatever the order of the fields. */
export function problemKey(op: string, problem: unknown): string {
  const { shape, dtype, run } = problem as Tensor;
  const fields = problem instanceof Tensor ? { shape, dtype, run } : problem;
  return `${op} ${JSON.stringify(plain(fields, exact))}`;
}

/**
 * As `problemKey`, the same for problems that are alike enough for one to learn from the other which variant is fastest:
 * counts of images and pixels fall into powers of two, channels and everything else are equal.
 */
export function bucketKey(op: string, problem: unknown): string {
  if (!(problem instanceof Tensor)) return `${op} ${JSON.stringify(plain(problem, bucketed))}`;
  const { size, shape, dtype, run } = problem;
  const channels = shape.at(-1)!;
  return `${op} ${JSON.stringify(plain({ rows: size / channels, channels, dtype, run }, bucketed))}`;
}
