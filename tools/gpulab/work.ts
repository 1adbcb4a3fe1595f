/** @file What a launch has to do, from the parameters that its shader is told: operations, bytes, the length of its sums. */
import type { StepLaunch } from './record.ts';

/** Of a product, a convolution in whatever form. */
export interface ProductWork {
  /** Multiplications and additions. */
  readonly flop: number;
  /** Terms of the sum that one workgroup does. */
  readonly depth: number;
  /** Results, each as often as there are strips of its sum. */
  readonly results: number;
}

export interface Work {
  readonly product: ProductWork | null;
  /** That must be read and written once. */
  readonly bytes: number;
}

type Params = StepLaunch['params'];
const has = (p: Params, ...names: string[]): boolean => names.every((name) => name in p);

/** Of shaders with include/gather: a convolution, transposed or not; `pixels` are those of one residue class. */
function gatherWork(p: Params): ProductWork {
  const classes = p.up! ** 2;
  const terms = (p.kernelHeight! * p.kernelWidth! * p.k!) / classes;
  const [results, strips] = [p.pixels! * classes * p.m!, p.strips ?? 1];
  return { flop: 2 * results * terms, depth: terms / strips, results: results * strips };
}

/** Of shaders with include/correlation: the gradient of a weight. */
function correlationWork(p: Params): ProductWork {
  const pixels = p.batch! * p.smallHeight! * p.smallWidth!;
  return { flop: 2 * p.count! * pixels, depth: pixels / p.splits!, results: p.count! * p.splits! };
}

/** Of Winograd's products, one matrix a point. */
function planesWork(p: Params): ProductWork {
  const results = p.points! * p.rows! * p.columns!;
  const depth = Math.min(p.chunk ?? p.depth!, p.depth!);
  return { flop: 2 * results * p.depth!, depth, results: (results * p.depth!) / depth };
}

function productOf({ params: p, pipeline }: StepLaunch): ProductWork | null {
  if (/^\w+\.finish\//.test(pipeline)) return null;
  if (has(p, 'pixels', 'k', 'm', 'kernelHeight', 'up')) return gatherWork(p);
  if (has(p, 'smallHeight', 'largePitch', 'count', 'splits')) return correlationWork(p);
  if (has(p, 'rows', 'depth', 'columns', 'planeA')) return planesWork(p);
  return null;
}

/** Parameters that say which channels of a longer row a binding is about: own ones, and those of the row. */
const runs: readonly (readonly [shader: RegExp, binding: RegExp, own: string, all: string])[] = [
  [/^conv2d\./, /^x$/, 'k', 'xPitch'],
  [/^conv2d\./, /^y$/, 'm', 'yPitch'],
  [/^conv2d\.strips/, /^y$/, 'groups', 'yPitch'],
  [/^conv2dWeightGrad\./, /^large$/, 'a', 'largePitch'],
  [/^conv2dWeightGrad\.finish/, /^dy$/, 'groups', 'pitch'],
  [/^batchNorm\/forward/, /^y$/, 'groups', 'pitch'],
  [/^batchNorm\.grad/, /^dy$/, 'groups', 'pitch'],
  [/^batchNorm\.pool\/forward/, /^y$/, 'groups', 'pitch'],
  [/^batchNorm\.pool\/(gradientSums|backward)/, /^dy$/, 'groups', 'pitch'],
  [/^maxPool2d/, /^(x|base)$/, 'groups', 'pitch'],
];

/** Overrides by which a pipeline uses a binding, as parameters. */
const overrides: readonly (readonly [override: RegExp, parameter: string])[] = [
  [/ MASKED=1\b/, 'isMasked'],
  [/ CUTS=1\b/, 'cuts'],
];

/** Bindings that a parameter of 0 leaves unused: something has to be bound. */
const unused: readonly (readonly [shader: RegExp, binding: RegExp, parameter: string])[] = [
  [/^conv2d\./, /^bias$/, 'hasBias'],
  [/^conv2d\./, /^cut$/, 'cuts'],
  [/^winograd\d\.spread/, /^x$/, 'xJobs'],
  [/^winograd\d\.spread/, /^grad$/, 'yJobs'],
  [/^winograd\d\.spread/, /^y$/, 'masked'],
  [/^winograd\d\.spread/, /^weight$/, 'pairJobs'],
  [/^winograd\d\.gather/, /^bias$/, 'hasBias'],
  [/^elementLoss/, /^mask$/, 'isMasked'],
];

function bytesOf({ params: p, pipeline, slices }: StepLaunch): number {
  // a few elements of all gradients
  if (pipeline.startsWith('optimclear/scatter')) return 256 * slices.length;
  const set = overrides.map(([override, parameter]) => [parameter, Number(override.test(pipeline))]);
  const told: Params = { ...p, ...Object.fromEntries(set) };
  return slices.reduce((sum, { name, bytes }) => {
    const isUnused = unused.some(
      ([shader, of, by]) => shader.test(pipeline) && of.test(name) && told[by] === 0,
    );
    const run = runs.find(
      ([shader, of, own, all]) => shader.test(pipeline) && of.test(name) && p[own] && p[all],
    );
    const share = run ? Math.min(1, p[run[2]]! / p[run[3]]!) : 1;
    return sum + (isUnused ? 0 : bytes * share);
  }, 0);
}

/** What a launch has to do. */
export function workOf(launch: StepLaunch): Work {
  return { product: productOf(launch), bytes: bytesOf(launch) };
}
