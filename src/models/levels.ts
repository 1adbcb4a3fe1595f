/** @file Levels of a U-Net, their kernels and strides by axis, and which of them suit a spacing (Isensee et al. 2021). */
import { describe } from '../base/describe.ts';
import { ConfigError } from '../base/errors.ts';
import { expectNumber, expectSettings, expectWhole } from '../base/settings.ts';

/** A level of a U-Net; sizes of all axes: [z, y, x] of volumes, [y, x] of images. */
export interface UNetLevel {
  /** Sides of its convolutions' kernels, odd. */
  readonly kernel: readonly number[];
  /** How much smaller it is than the level above; of the first all 1. */
  readonly stride: readonly number[];
}

/** Levels that suit a patch and a spacing. */
export interface LevelPlan {
  /** Finest first. */
  readonly levels: readonly UNetLevel[];
  /** The patch that was asked for, its sides raised to multiples of `multiples`. */
  readonly patch: readonly number[];
  /** The strides of all levels multiplied. */
  readonly multiples: readonly number[];
}

/** Of `planLevels`. */
export interface LevelPlanOptions {
  /** Least side of the deepest level, voxels; default 4. */
  readonly leastSide?: number;
  /** Most levels, default as many as the patch allows. */
  readonly mostLevels?: number;
}

/** Axes whose spacings are below this factor apart count as equally fine. */
const ALIKE = 2;

function expectAxes(spacingMm: readonly number[], patch: readonly number[]): void {
  for (const [name, sizes] of Object.entries({ spacingMm, patch }))
    if (!Array.isArray(sizes) || sizes.length < 2 || sizes.length > 3 || sizes.length !== spacingMm.length)
      throw new ConfigError(
        `planLevels: ${name} is ${describe(sizes)}. Use [z, y, x] for volumes or [y, x] for images, for both alike.`,
      );
  for (const mm of spacingMm) expectNumber('planLevels: spacingMm', mm, { least: Number.MIN_VALUE });
  for (const side of patch) expectWhole('planLevels: patch', side, 1);
}

/** Axes to halve next: those about as fine as the finest that are long enough; none where that is one short axis. */
function halved(spacing: readonly number[], sides: readonly number[], leastSide: number): number[] {
  const long = spacing.map((_, axis) => axis).filter((axis) => sides[axis]! >= 2 * leastSide);
  const finest = Math.min(...long.map((axis) => spacing[axis]!));
  const axes = long.filter((axis) => spacing[axis]! / finest < ALIKE);
  return axes.length === 1 && sides[axes[0]!]! < 3 * leastSide ? [] : axes;
}

/**
 * Kernels and strides by nnU-Net's rule: each level halves the axes whose spacing is within a factor of 2 of the finest
 * that can be halved, until sides fall short; an axis' kernel is 1 until its spacing is within a factor of 2 of the
 * finest, 3 from then on, and the deepest level's is 3 along all. So thick slices begin with 1×3×3 and strides of 1×2×2.
 * (nnU-Net's code gives an axis that is too short to be halved the kernel 3 at once; here the rule holds for it too.)
 * @param spacingMm of the voxels, [z, y, x] or [y, x], mm
 * @param patch voxels of a patch, in the same order
 * @throws ConfigError for sizes that are none
 * @example
 * planLevels([8, 1, 1], [8, 32, 32]).levels[0].kernel; // [1, 3, 3]
 */
export function planLevels(
  spacingMm: readonly number[],
  patch: readonly number[],
  options: LevelPlanOptions = {},
): LevelPlan {
  expectAxes(spacingMm, patch);
  expectSettings('options of planLevels', options, ['leastSide', 'mostLevels']);
  const { leastSide = 4, mostLevels } = options;
  expectWhole('planLevels: leastSide', leastSide, 1);
  if (mostLevels !== undefined) expectWhole('planLevels: mostLevels', mostLevels, 1);
  const ones = patch.map(() => 1);
  const levels: UNetLevel[] = [];
  let [spacing, sides, kernel, stride] = [spacingMm, patch, ones, ones];
  for (;;) {
    const axes = levels.length + 1 === mostLevels ? [] : halved(spacing, sides, leastSide);
    if (axes.length === 0) break;
    const finest = Math.min(...spacing);
    kernel = kernel.map((side, axis) => (spacing[axis]! / finest < ALIKE ? 3 : side));
    levels.push({ kernel, stride });
    stride = ones.map((_, axis) => (axes.includes(axis) ? 2 : 1));
    spacing = spacing.map((mm, axis) => mm * stride[axis]!);
    sides = sides.map((side, axis) => Math.ceil(side / stride[axis]!));
  }
  levels.push({ kernel: ones.map(() => 3), stride });
  const multiples = multiplesOf(levels);
  return { levels, multiples, patch: patch.map((side, axis) => raised(side, multiples[axis]!)) };
}

const raised = (side: number, multiple: number): number => Math.ceil(side / multiple) * multiple;

/** What each side of an image must be a multiple of. */
export function multiplesOf(levels: readonly UNetLevel[]): number[] {
  return levels
    .map(({ stride }) => stride)
    .reduce<number[]>((product, stride) => stride.map((by, axis) => by * (product[axis] ?? 1)), []);
}

/** Number of axes. @throws ConfigError for what are no levels */
export function expectLevels(where: string, levels: readonly UNetLevel[]): 2 | 3 {
  const fix = 'Use two or more of { kernel, stride }, each [z, y, x] or [y, x]; planLevels gives them.';
  if (!Array.isArray(levels) || levels.length < 2)
    throw new ConfigError(`${where} are ${describe(levels)}. ${fix}`);
  const rank = levels[0]?.kernel?.length;
  for (const [i, level] of levels.entries()) {
    for (const name of ['kernel', 'stride'] as const) {
      const sizes = level?.[name];
      const fits = Array.isArray(sizes) && sizes.length === rank && (rank === 2 || rank === 3);
      if (!fits) throw new ConfigError(`${where}: ${name} of level ${i} is ${describe(sizes)}. ${fix}`);
      for (const size of sizes) expectWhole(`${where}: ${name} of level ${i}`, size, 1);
    }
    if (level.kernel.some((side: number) => side % 2 === 0))
      throw new ConfigError(`${where}: kernel of level ${i} is ${level.kernel.join('×')}. Use odd sides.`);
  }
  if (levels[0]!.stride.some((by: number) => by !== 1))
    throw new ConfigError(`${where}: stride of level 0 is ${levels[0]!.stride.join('×')}. It must be 1.`);
  return rank as 2 | 3;
}
