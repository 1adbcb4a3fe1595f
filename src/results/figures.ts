/** @file What is told of a segmented class in a volume: how each figure is called, taken and written. */
import type { Result } from './result.ts';
import type { SegmentationMeasures } from './segmentation.ts';

/** Null is what a volume does not have: slices that are not evenly spaced have no volume, say. */
export type Measures = Omit<SegmentationMeasures, 'predictedMl' | 'truthMl'> & {
  readonly predictedMl: number | null;
  readonly truthMl: number | null;
};

interface SegmentationFigure {
  readonly title: string;
  /** For columns. */
  readonly short: string;
  readonly unit: string;
  readonly digits: number;
  readonly better: Result['better'];
  of(measures: Measures): number | null;
}

const distance = (
  key: 'hausdorffMm' | 'hausdorff95Mm' | 'surfaceMm',
  title: string,
  short: string,
): SegmentationFigure => ({
  ...{ title, short, unit: ' mm', digits: 2, better: 'lower' },
  of: (measures) => measures[key],
});

export type Figure = 'dice' | 'hausdorffMm' | 'hausdorff95Mm' | 'surfaceMm' | 'volumeErrorMl';

export const figures: Readonly<Record<Figure, SegmentationFigure>> = {
  dice: {
    ...{ title: 'Dice', short: 'Dice', unit: '', digits: 3, better: 'higher' },
    of: ({ dice }) => dice,
  },
  hausdorffMm: distance('hausdorffMm', 'Hausdorff distance', 'HD'),
  hausdorff95Mm: distance('hausdorff95Mm', 'Hausdorff distance, 95th percentile', 'HD95'),
  surfaceMm: distance('surfaceMm', 'mean surface distance', 'ASSD'),
  volumeErrorMl: {
    ...{ title: 'volume error', short: 'volume error', unit: ' ml', digits: 1, better: 'lower' },
    of: ({ predictedMl, truthMl }) =>
      predictedMl === null || truthMl === null ? null : Math.abs(predictedMl - truthMl),
  },
};

export const figureNames = Object.keys(figures) as Figure[];
