/** @file Planes fitted to lines of known planes. */
import { describe, expect, it } from 'vitest';
import type { Line } from '../../src/data/types.ts';
import { dot, scale, subtract } from '../../src/data/vector.ts';
import { stackAxes } from '../../src/planning/axes.ts';
import { evidenceOf } from '../../src/planning/evidence.ts';
import { fitPlane } from '../../src/planning/fit.ts';
import { nearestPlane } from '../../src/planning/leastsquares.ts';
import { planeAngleDeg, planeError, planeOf } from '../../src/planning/plane.ts';
import { acrossAt, along, imageAt, moved, slicesOf, stackOf } from './stacks.ts';

const planning = (code: string) => expect.objectContaining({ name: 'PlanningError', code });

describe('fitPlane', () => {
  it('finds the plane of exact lines, whatever its tilt, and is sure of it', () => {
    for (const [degrees, tilt, offset] of [
      [0, 0, 0],
      [37, 12, 9],
      [90, -25, -17],
      [178, 4, 30],
    ] as const) {
      const real = acrossAt(degrees, tilt, offset);
      const { plane, uncertainty, slices } = fitPlane(slicesOf(stackOf(9), real));
      const error = planeError(plane, real);
      expect(error.angleDeg).toBeLessThan(1e-5);
      expect(error.distanceMm).toBeLessThan(1e-6);
      expect(uncertainty.angleDeg).toBeLessThan(1e-5);
      expect(slices.every(({ weight, reason }) => weight > 0.999 && !reason)).toBe(true);
    }
  });

  it('measures as Wei et al.: angle of the normals, and the real image’s centre from the plane', () => {
    const real = acrossAt(30, 0, 10);
    expect(planeError(planeOf(acrossAt(30, 0, 4)), real)).toEqual({
      angleDeg: expect.closeTo(0, 5),
      distanceMm: expect.closeTo(6, 9),
    });
    expect(planeAngleDeg(planeOf(acrossAt(30)), planeOf(acrossAt(205)))).toBeCloseTo(5, 9);
  });

  it('refuses slices that contradict the others, with the reason, and is not moved by them', () => {
    const real = acrossAt(50, 5, 6);
    const wrong = (line: Line, slice: number): Line =>
      [2, 3, 8].includes(slice) ? moved(line, 12, 60) : line;
    const { plane, slices } = fitPlane(slicesOf(stackOf(10), real, wrong));
    expect(planeError(plane, real).angleDeg).toBeLessThan(1e-4);
    const refused = slices.flatMap(({ reason, weight }, i) => (reason ? [[i, reason.code, weight]] : []));
    expect(refused).toEqual([2, 3, 8].map((slice) => [slice, 'OUTLIER', 0]));
    expect(slices[2]!.disagreementMm).toBeGreaterThan(30);
    expect(slices[2]!.reason!.message).toMatch(/^Its line is \d+\.\d mm from the plane of the other slices/);
  });

  it('lets clear lines count more than faint ones', () => {
    const real = acrossAt(20);
    const halves = slicesOf(stackOf(9), real, (line, slice) => moved(line, slice % 2 ? 0.5 : 0)).map(
      (slice, i) => ({ ...slice, lines: slice.lines.map((own) => ({ ...own, weight: i % 2 ? 0.01 : 1 })) }),
    );
    expect(planeError(fitPlane(halves).plane, real).distanceMm).toBeLessThan(0.05);
  });

  it('tells slices without a line', () => {
    const { slices } = fitPlane(slicesOf(stackOf(6), acrossAt(10), (line, i) => (i === 4 ? null : line)));
    expect(slices[4]).toMatchObject({ weight: 0, disagreementMm: null, reason: { code: 'NO_LINE' } });
  });

  it('is less sure where slices differ, or looks at them', () => {
    const real = acrossAt(70);
    const shaken = slicesOf(stackOf(9), real, (line, slice) =>
      moved(line, slice % 2 ? 0.4 : -0.4, slice - 4),
    );
    const { uncertainty } = fitPlane(shaken);
    expect(uncertainty.angleDeg).toBeGreaterThan(0.5);
    expect(uncertainty.distanceMm).toBeGreaterThan(0.3);
    const turned = slicesOf(stackOf(9), real).map((slice) => ({
      ...slice,
      lines: [-4, 0, 4].map((degrees, look) => ({
        line: moved(slice.lines[0]!.line, 0, degrees),
        weight: 1,
        look,
      })),
    }));
    // three looks 4° apart: standard deviation 4°, for what slices share is left to the looks
    expect(fitPlane(turned).uncertainty.angleDeg).toBeCloseTo(4, 1);
    expect(planeError(fitPlane(turned).plane, real).angleDeg).toBeLessThan(1e-3);
  });

  it('draws a tilt that slices are not sure of towards the perpendicular, and no other', () => {
    const noise = [1, -1.5, 0.5, 1.5, -1, -0.5, 1.2, -1.2, 0.4];
    const tilts = (tilt: number): [fitted: number, plain: number] => {
      const stack = stackOf(9);
      const slices = slicesOf(stack, acrossAt(70, tilt), (line, slice) => moved(line, noise[slice]!));
      const axes = stackAxes(stack);
      const plain = nearestPlane(slices.flatMap((slice) => evidenceOf(slice, axes)))!;
      const off = Math.asin(Math.abs(dot(fitPlane(slices).plane.normal, along)));
      return [(off * 180) / Math.PI, (Math.atan(Math.abs(plain.slope)) * 180) / Math.PI];
    };
    const [steep, steepPlain] = tilts(20);
    expect(steepPlain).toBeGreaterThan(15);
    expect(steep / steepPlain).toBeGreaterThan(0.9);
    const [slight, slightPlain] = tilts(5);
    expect(slightPlain).toBeGreaterThan(1);
    expect(slight / slightPlain).toBeLessThan(0.8);
  });

  it('gives the same plane whatever order the slices come in', () => {
    const slices = slicesOf(stackOf(8), acrossAt(15, 3), (line, i) => moved(line, (i % 3) - 1, i % 2));
    const [there, back] = [fitPlane(slices), fitPlane([...slices].reverse())];
    expect(planeAngleDeg(there.plane, back.plane)).toBeLessThan(1e-4);
  });

  it('throws typed errors: too few slices, lines or agreeing slices; slices that are not parallel', () => {
    const real = acrossAt(10);
    for (const count of [0, 1, 2])
      expect(() => fitPlane(slicesOf(stackOf(count), real))).toThrow(planning('FEW_SLICES'));
    const bent = [...stackOf(4), imageAt([0, 0, 0], scale(along, -1), [0.5 ** 0.5, 0.5 ** 0.5, 0])];
    expect(() => fitPlane(slicesOf(bent, real))).toThrow(planning('NOT_PARALLEL'));
    const few = slicesOf(stackOf(8), real, (line, i) => (i < 2 ? line : null));
    expect(() => fitPlane(few)).toThrow(planning('FEW_LINES'));
    const same = [0, 1, 2].map(() => imageAt([0, 0, 0]));
    expect(() => fitPlane(slicesOf(same, real))).toThrow(planning('FEW_SLICES'));
  });

  it('keeps distances in the slices, also where these lie aside', () => {
    const real = acrossAt(40, 8, 5);
    const aside = stackOf(7).map((plane, i) => ({
      ...plane,
      position: subtract(plane.position, scale(plane.rowDirection, 3 * i)),
    }));
    expect(planeError(fitPlane(slicesOf(aside, real)).plane, real).distanceMm).toBeLessThan(1e-6);
  });
});
