/** @file Plane geometry against brute-force 3-D points, numpy goldens and properties. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GeometryError } from '../../src/base/errors.ts';
import {
  applyAffine,
  composeAffine,
  invertAffine,
  lineAngleDeg,
  lineCrossing,
  lineOffsetMm,
  normalizeLine,
  transformLine,
} from '../../src/data/affine.ts';
import {
  imagePlane,
  intersectingLine,
  pixelToWorld,
  planeNormal,
  transformPlane,
  worldToPixel,
} from '../../src/data/geometry.ts';
import type { Affine, ImagePlane, Vec3 } from '../../src/data/types.ts';
import { dot, subtract } from '../../src/data/vector.ts';
import goldens from '../goldens/data.json' with { type: 'json' };
import { shortAxisPlane } from './dicom-writer.ts';

const number = (min: number, max: number) => fc.double({ min, max, noNaN: true });

/** Unit quaternion to two orthonormal columns. */
function orientation([w, x, y, z]: readonly number[]): [Vec3, Vec3] {
  const n = Math.hypot(w!, x!, y!, z!);
  const [a, b, c, d] = [w! / n, x! / n, y! / n, z! / n];
  return [
    [1 - 2 * (c * c + d * d), 2 * (b * c + a * d), 2 * (b * d - a * c)],
    [2 * (b * c - a * d), 1 - 2 * (b * b + d * d), 2 * (c * d + a * b)],
  ];
}

const plane: fc.Arbitrary<ImagePlane> = fc
  .tuple(
    fc.array(number(-1, 1), { minLength: 4, maxLength: 4 }).filter((q) => Math.hypot(...q) > 0.1),
    fc.tuple(number(-200, 200), number(-200, 200), number(-200, 200)),
    fc.tuple(number(0.5, 3), number(0.5, 3)),
  )
  .map(([q, position, spacingMm]) => {
    const [rowDirection, columnDirection] = orientation(q);
    return imagePlane({ position, rowDirection, columnDirection, spacingMm, rows: 200, columns: 160 });
  });

const affine: fc.Arbitrary<Affine> = fc
  .tuple(number(-3, 3), number(0.3, 3), number(0.3, 3), number(-0.5, 0.5), number(-90, 90), number(-90, 90))
  .map(([angle, sx, sy, shear, tx, ty]) => {
    const [c, s] = [Math.cos(angle), Math.sin(angle)];
    return [c * sx, -s * sy + shear * c, tx, s * sx, c * sy + shear * s, ty];
  });

const point = fc.tuple(number(-300, 300), number(-300, 300));
const distance = (line: readonly number[], x: number, y: number) => line[0]! * x + line[1]! * y + line[2]!;

describe('intersectingLine', () => {
  test('passes through the points numpy finds on both planes', () => {
    for (const { target, reference, points } of goldens.lines) {
      const { line } = intersectingLine(target as unknown as ImagePlane, reference as unknown as ImagePlane);
      for (const [x, y] of points) expect(Math.abs(distance(line!, x!, y!))).toBeLessThan(1e-8);
    }
  });

  test('is zero exactly at the pixels whose world point lies on the reference plane', () => {
    fc.assert(
      fc.property(plane, plane, point, (target, reference, [x, y]) => {
        const { line, reason } = intersectingLine(target, reference);
        if (line === null) {
          expect(reason.code).toBe('PARALLEL');
          return;
        }
        expect(Math.hypot(line[0], line[1])).toBeCloseTo(1, 12);
        const signed = distance(line, x, y);
        const [footX, footY] = [x - signed * line[0], y - signed * line[1]];
        const onLine = subtract(pixelToWorld(target, footX, footY), reference.position);
        expect(Math.abs(dot(planeNormal(reference), onLine))).toBeLessThan(1e-8);
      }),
    );
  });

  test('keeps row and column spacing apart', () => {
    const target = imagePlane({
      position: [0, 0, 0],
      rowDirection: [1, 0, 0],
      columnDirection: [0, 1, 0],
      spacingMm: [2, 1],
      rows: 100,
      columns: 100,
    });
    const reference = { ...target, position: [10, 0, 0], rowDirection: [0, 0, 1] } as ImagePlane;
    const { line } = intersectingLine(target, reference);
    expect(Math.abs(distance(line!, 10, 73))).toBeLessThan(1e-12);
    const other = { ...target, position: [0, 10, 0], columnDirection: [0, 0, 1] } as ImagePlane;
    expect(Math.abs(distance(intersectingLine(target, other).line!, 31, 5))).toBeLessThan(1e-12);
  });

  test('of parallel planes is a reason, not a number', () => {
    const result = intersectingLine(shortAxisPlane(0), shortAxisPlane(10));
    expect(result.line).toBeNull();
    expect(result.reason).toMatchObject({
      code: 'PARALLEL',
      message: expect.stringContaining('0.00° apart'),
    });
  });
});

describe('affine maps', () => {
  test('carry a line so that mapped points keep their side and a line of mapped points is the mapped line', () => {
    fc.assert(
      fc.property(affine, point, point, (map, [x, y], [px, py]) => {
        const line = normalizeLine(Math.cos(x), Math.sin(x), y / 10);
        const moved = transformLine(line, map);
        expect(Math.hypot(moved[0], moved[1])).toBeCloseTo(1, 12);
        const signed = distance(line, px, py);
        const foot = [px - signed * line[0], py - signed * line[1]] as const;
        expect(Math.abs(distance(moved, ...applyAffine(map, ...foot)))).toBeLessThan(1e-8);
        const there = distance(moved, ...applyAffine(map, px, py));
        if (Math.abs(signed) > 1e-6) expect(Math.sign(there)).toBe(Math.sign(signed));
      }),
    );
  });

  test('compose in order and invert', () => {
    fc.assert(
      fc.property(affine, affine, point, (outer, inner, [x, y]) => {
        const both = applyAffine(composeAffine(outer, inner), x, y);
        const stepwise = applyAffine(outer, ...applyAffine(inner, x, y));
        expect(Math.hypot(both[0] - stepwise[0], both[1] - stepwise[1])).toBeLessThan(1e-8);
        const back = applyAffine(composeAffine(invertAffine(outer), outer), x, y);
        expect(Math.hypot(back[0] - x, back[1] - y)).toBeLessThan(1e-8);
      }),
    );
    expect(() => invertAffine([1, 2, 0, 2, 4, 0])).toThrow(GeometryError);
  });

  test('give the plane whose line is the carried line', () => {
    fc.assert(
      fc.property(
        plane,
        plane,
        number(0.3, 3),
        point,
        fc.boolean(),
        (target, reference, sx, [tx, ty], flip) => {
          const map: Affine = [flip ? -sx : sx, 0, tx, 0, 1.7, ty];
          const moved = transformPlane(target, map, 224, 224);
          const [here, there] = [intersectingLine(target, reference), intersectingLine(moved, reference)];
          if (here.line === null) {
            expect(there.line).toBeNull();
            return;
          }
          transformLine(here.line, map).forEach((v, i) => {
            expect(there.line![i]).toBeCloseTo(v, 7);
          });
        },
      ),
    );
    expect(() => transformPlane(shortAxisPlane(0), [1, 0.4, 0, 0, 1, 0], 9, 9)).toThrow(GeometryError);
  });
});

describe('line errors', () => {
  test('angle is undirected and exact', () => {
    const turned = (deg: number) =>
      normalizeLine(Math.cos((deg * Math.PI) / 180), Math.sin((deg * Math.PI) / 180), 3);
    expect(lineAngleDeg(turned(10), turned(40))).toBeCloseTo(30, 10);
    expect(lineAngleDeg(turned(0), turned(179))).toBeCloseTo(1, 10);
    expect(lineAngleDeg(turned(5), turned(185))).toBeCloseTo(0, 10);
  });

  test('offset is the distance in mm at the point of the true line nearest the given point', () => {
    const truth = normalizeLine(0, 1, -50);
    expect(lineOffsetMm(normalizeLine(0, -1, 54), truth, [100, 100], 1.26)).toBeCloseTo(4 * 1.26, 10);
    const tilted = normalizeLine(-1, 1, 50);
    expect(lineOffsetMm(tilted, truth, [100, 80], 2)).toBeCloseTo(0, 10);
    expect(lineOffsetMm(tilted, truth, [110, 80], 2)).toBeCloseTo((2 * 10) / Math.SQRT2, 10);
  });

  test('two lines cross where both are zero', () => {
    const [x, y] = lineCrossing(normalizeLine(1, 0, -7), normalizeLine(1, 1, -10))!;
    expect(Math.hypot(x - 7, y - 3)).toBeLessThan(1e-12);
    expect(lineCrossing(normalizeLine(1, 1, 0), normalizeLine(2, 2, 9))).toBeNull();
  });
});

describe('planes', () => {
  test('that are not orthonormal, or have no size, are refused', () => {
    const bad: Partial<ImagePlane>[] = [
      { rowDirection: [0.8, 0.36, 0.49] },
      { columnDirection: [0.8, 0.36, 0.48] },
      { rowDirection: [0, 0, 0] },
      { rowDirection: [Number.NaN, 0, 0] },
      { spacingMm: [0, 1] },
      { position: [0, Number.POSITIVE_INFINITY, 0] },
      { rows: 0 },
    ];
    for (const change of bad)
      expect(() => imagePlane(shortAxisPlane(0, change)), JSON.stringify(change)).toThrow(GeometryError);
  });

  test('map pixels to the world and back', () => {
    fc.assert(
      fc.property(plane, point, (p, [x, y]) => {
        const back = worldToPixel(p, pixelToWorld(p, x, y));
        expect(Math.hypot(back.x - x, back.y - y, back.distanceMm)).toBeLessThan(1e-8);
      }),
    );
  });
});
