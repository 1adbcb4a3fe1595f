/** @file Measures of the classes in a stack: the network's and the trivial answer's, beside each other. */
import { measureSegmentation, type SegmentationMeasures } from '../../results/segmentation.ts';
import { ejectionFraction } from '../../results/volume.ts';
import type { Grid } from '../task.ts';
import { type JudgedSlice, type Stack, volumeOf } from './stacks.ts';

/** Null is what a stack does not have: volumes of slices that are not evenly spaced, say. */
export type Measures = Omit<SegmentationMeasures, 'predictedMl' | 'truthMl'> & {
  readonly predictedMl: number | null;
  readonly truthMl: number | null;
};

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

/** Of what was measured at one phase, the volumes. */
type Volumes = Pick<Measures, 'predictedMl' | 'truthMl'>;

function ejectionOf(subject: string, diastole: Volumes, systole: Volumes): Ejection[] {
  const of = (key: keyof Volumes): number | null => {
    const [full, empty] = [diastole[key], systole[key]];
    return full === null || empty === null ? null : ejectionFraction(full, empty);
  };
  const truth = of('truthMl');
  return truth === null ? [] : [{ subject, predicted: of('predictedMl'), truth }];
}

/** Of the hearts that have end diastole and end systole, and of both the true volume; by class from 1. */
export function ejections(
  stacks: readonly { readonly stack: Stack; readonly measures: ClassMeasures }[],
  label: number,
): Ejection[] {
  const hearts = [...new Set(stacks.map(({ stack }) => stack.heart))];
  return hearts.flatMap((heart) => {
    const at = (phase: Stack['phase']) =>
      stacks.find(({ stack }) => stack.heart === heart && stack.phase === phase);
    const [diastole, systole] = [at('ED'), at('ES')];
    if (!diastole || !systole) return [];
    return ejectionOf(diastole.stack.subject, diastole.measures[label - 1]!, systole.measures[label - 1]!);
  });
}
