/** @file Medians of planned planes by view. */
import { describe, expect, it } from 'vitest';
import { planeMedians } from '../../src/results/planes.ts';

const plane = (view: string, angleDeg: number, distanceMm: number, usual = true) => ({
  ...{ view, angleDeg, distanceMm },
  usual: usual ? { angleDeg: 2 * angleDeg, distanceMm: 3 * distanceMm } : null,
});

describe('planeMedians', () => {
  it('takes each view, then all; of the trivial answer those that have one', () => {
    const planes = [plane('b', 4, 1), plane('a', 1, 9), plane('b', 2, 3), plane('b', 9, 2, false)];
    expect(planeMedians(planes)).toEqual([
      {
        ...{ view: 'b', planes: 3, own: { angleDeg: 4, distanceMm: 2 } },
        usual: { angleDeg: 6, distanceMm: 6 },
      },
      {
        ...{ view: 'a', planes: 1, own: { angleDeg: 1, distanceMm: 9 } },
        usual: { angleDeg: 2, distanceMm: 27 },
      },
      {
        ...{ view: 'all', planes: 4, own: { angleDeg: 3, distanceMm: 2.5 } },
        usual: { angleDeg: 4, distanceMm: 9 },
      },
    ]);
  });

  it('needs no second row for one view, and no row for nothing', () => {
    expect(planeMedians([plane('a', 1, 1)])).toHaveLength(1);
    expect(planeMedians([{ view: 'a', angleDeg: 1, distanceMm: 1 }])[0]!.usual).toBeNull();
    expect(planeMedians([])).toEqual([]);
  });
});
