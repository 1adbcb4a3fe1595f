/** @file Results made by hand, for the tests of what reads them. */
import type { Result } from '../../src/results/result.ts';

/** An angle in degrees, 4 where the trivial one is 10. */
export const resultOf = (change: Partial<Result> = {}): Result => ({
  ...{ key: 'orientation.2ch.angleDeg', title: '2-chamber line, angle', unit: '°', digits: 2 },
  ...{ better: 'lower', value: 4, trivial: 10, about: 'median of 40 images; mean 5.0°' },
  ...{ count: 40, missing: 0, notes: [], bySubject: new Map() },
  ...change,
});

/** An offset in mm, 2 where the trivial one is 5. */
export const offset = resultOf({
  ...{ key: 'orientation.2ch.offsetMm', title: '2-chamber line, offset', unit: ' mm' },
  ...{ value: 2, trivial: 5, about: 'median of 40 images; mean 2.5 mm' },
});

/** A location without unit, 0.1 where the trivial one is 0.25; none can be missing. */
export const place = resultOf({
  ...{ key: 'location.mae', title: 'Slice location', unit: '', digits: 4, value: 0.1, trivial: 0.25 },
  ...{ missing: null, about: 'mean absolute error of 40 images, in stack lengths' },
});
