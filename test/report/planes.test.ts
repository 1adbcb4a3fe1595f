/** @file The report's section of planned planes: figures, what is missing, and the drawing's geometry. */
import { describe, expect, it } from 'vitest';
import type { ImagePlane } from '../../src/data/types.ts';
import { planeDrawing } from '../../src/report/planedrawing.ts';
import { planesSection } from '../../src/report/planes.ts';
import type { ComparedPlane, PlannedStudies, ShownStudy } from '../../src/results/planes.ts';
import { acrossAt, stackOf } from '../planning/stacks.ts';

const uri = 'data:image/png;base64,AAAA';
const own = (subject: string, angleDeg: number): ComparedPlane => ({
  ...{ subject, view: '2-chamber', angleDeg, distanceMm: 1.5 },
  ...{ uncertainty: { angleDeg: 1, distanceMm: 1 }, usual: { angleDeg: 12.34, distanceMm: 7 } },
});

const study = (planned: ImagePlane, real = acrossAt(10)): ShownStudy => ({
  ...{ subject: '<p1>', place: 'in the middle', slice: { plane: stackOf(3)[1]!, uri } },
  views: [
    {
      ...{ view: '2-chamber', angleDeg: 5.25, distanceMm: 1.5 },
      ...{ real: { plane: real, uri }, planned: { plane: planned, uri } },
    },
  ],
});

const planned: PlannedStudies = {
  ...{ planes: [own('p1', 5), own('p2', 9)], refused: [], none: null },
  shown: [study(acrossAt(15))],
};

const text = (one: PlannedStudies | null) =>
  String(planesSection([{ title: 'pretraining a', planned: one }]));

/** The `d` of paths of a class. */
const pathsOf = (svg: string, kind: string): string[] =>
  [...svg.matchAll(new RegExp(`<path class="${kind}" d="([^"]+)"`, 'g'))].map(([, d]) => d!);

const points = (d: string): number[][] =>
  d.match(/-?[\d.]+ -?[\d.]+/g)!.map((pair) => pair.split(' ').map(Number));

describe('planesSection', () => {
  it('has medians beside the trivial ones, and the studies shown, escaped', () => {
    const section = text(planned);
    expect(section).toContain('pretraining a, 2 test studies');
    expect(section).toContain('<strong>7.0°</strong></td><td class="number">12.3°');
    expect(section).toContain('&lt;p1&gt;: in the middle of the test studies');
    expect(section).toContain('2-chamber: 5.3° and 1.5 mm off');
    expect(section).not.toContain('could not be planned');
  });

  it('counts what could not be planned, and says why', () => {
    const section = text({ ...planned, refused: [{ subject: 'p3', message: 'No <line>.' }] });
    expect(section).toContain(
      '1 plane of 3 could not be planned and is not in the table: p3: No &lt;line&gt;.',
    );
  });

  it('says why nothing was planned, and is nothing where no network draws lines', () => {
    const section = text({ planes: [], refused: [], shown: [], none: 'No real views.' });
    expect(section).toContain('No real views.');
    expect(section).not.toContain('<table');
    expect(text(null)).toBe('');
  });
});

describe('planeDrawing', () => {
  it('draws a planned plane on the real one where they are the same, and beside it where not', () => {
    const same = String(planeDrawing(study(acrossAt(10))));
    expect(pathsOf(same, 'planned')).toHaveLength(2);
    expect(pathsOf(same, 'planned')).toEqual(pathsOf(same, 'real'));
    expect(pathsOf(same, 'planned cut')).toEqual(pathsOf(same, 'real cut'));
    const off = String(planeDrawing(study(acrossAt(15))));
    expect(pathsOf(off, 'real')).toEqual(pathsOf(same, 'real'));
    expect(pathsOf(off, 'planned')).not.toEqual(pathsOf(off, 'real'));
  });

  it('hides behind the slice the half of a plane that is there: both halves end on the cut', () => {
    const svg = String(planeDrawing(study(acrossAt(15))));
    const [behind, before] = pathsOf(svg, 'real');
    const [[x, y], [u, v]] = points(pathsOf(svg, 'real cut')[0]!) as [number[], number[]];
    const [dx, dy] = [u! - x!, v! - y!];
    const offCut = ([px, py]: number[]): number =>
      Math.abs((px! - x!) * dy - (py! - y!) * dx) / Math.hypot(dx, dy);
    for (const half of [behind!, before!])
      expect(points(half).filter((point) => offCut(point) < 0.05)).toHaveLength(2);
    expect(svg.indexOf(behind!)).toBeLessThan(svg.indexOf('<image'));
    expect(svg.indexOf(before!)).toBeGreaterThan(svg.indexOf('<image'));
  });
});
