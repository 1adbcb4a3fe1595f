/** @file Measures of the classes in a stack: the network's and the trivial answer's, beside each other. */
import { groupBy } from '../../data/lists.ts';
import type { Measures } from '../../results/figures.ts';
import { measureSegmentation, type SegmentationMeasures } from '../../results/segmentation.ts';
import { ejectionFraction, volumeMl } from '../../results/volume.ts';
import type { Grid } from '../task.ts';
import { type JudgedSlice, type Stack, volumeOf } from './stacks.ts';

/** Of one answer, by class from 1. */
export type ClassMeasures = readonly Measures[];

export interface MeasuredStack {
  readonly stack: Stack;
  readonly ours: ClassMeasures;
  readonly trivial: ClassMeasures;
}

/** What evenly spaced slices alone have. */
const noStep = { hausdorffMm: null, hausdorff95Mm: null, surfaceMm: null, predictedMl: null, truthMl: null };

/** Without a step, one slice has distances yet, several have none. */
function withoutStep(measures: SegmentationMeasures, slices: number): Measures {
  if (slices > 1) return { ...measures, ...noStep };
  return { ...measures, predictedMl: null, truthMl: null };
}

/** Of classes 1 … `classes` − 1. */
export function measureStack(
  stack: Stack,
  answerOf: (slice: JudgedSlice) => Uint8Array,
  classes: number,
  grid: Grid,
): ClassMeasures {
  const volume = volumeOf(stack, answerOf, grid);
  return Array.from({ length: classes - 1 }, (_, i) => {
    const measures = measureSegmentation(volume.answer, volume.truth, i + 1, volume.grid);
    return stack.stepMm === null ? withoutStep(measures, stack.slices.length) : measures;
  });
}

/** Ejection fractions of a class in a heart, percent. */
export interface Ejection {
  readonly subject: string;
  /** Null where the network found nothing at end diastole. */
  readonly predicted: number | null;
  readonly truth: number;
}

/** Volumes of a class in a stack. */
type Volumes = Pick<Measures, 'predictedMl' | 'truthMl'>;

/** What was measured of a class. */
export const volumesOf =
  (label: number) =>
  ({ ours }: Pick<MeasuredStack, 'ours'>): Volumes =>
    ours[label - 1]!;

/** Of true masks alone. */
export function trueVolumes(stack: Stack, label: number, grid: Grid): Volumes {
  const { truth, grid: voxels } = volumeOf(stack, ({ sample }) => sample.mask()!, grid);
  const truthMl = stack.stepMm === null ? null : volumeMl(truth, label, voxels);
  return { predictedMl: null, truthMl };
}

function ejectionOf(subject: string, diastole: Volumes, systole: Volumes): Ejection[] {
  const of = (key: keyof Volumes): number | null => {
    const [full, empty] = [diastole[key], systole[key]];
    return full === null || empty === null ? null : ejectionFraction(full, empty);
  };
  const truth = of('truthMl');
  return truth === null ? [] : [{ subject, predicted: of('predictedMl'), truth }];
}

/** Of the hearts that have end diastole and end systole, and of both the true volume. */
export function ejections<S extends { readonly stack: Stack }>(
  stacks: readonly S[],
  of: (measured: S) => Volumes,
): Ejection[] {
  return [...groupBy(stacks, ({ stack }) => stack.heart).values()].flatMap((own) => {
    const at = (phase: Stack['phase']) => own.find(({ stack }) => stack.phase === phase);
    const [diastole, systole] = [at('ED'), at('ES')];
    return diastole && systole ? ejectionOf(diastole.stack.subject, of(diastole), of(systole)) : [];
  });
}
