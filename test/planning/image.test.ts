/** @file The image of a planned plane, and what a stack shows in it. */
import { describe, expect, it } from 'vitest';
import { pixelToWorld, planeNormal } from '../../src/data/geometry.ts';
import type { ImagePlane, Vec3 } from '../../src/data/types.ts';
import { add, dot, scale } from '../../src/data/vector.ts';
import { imageIn, middleOf } from '../../src/planning/image.ts';
import { centreOf, planeAngleDeg, planeDistanceMm, planeOf } from '../../src/planning/plane.ts';
import { reformat, regrid } from '../../src/planning/reformat.ts';
import { acrossAt, along, stackOf } from './stacks.ts';

const close = (v: Vec3) => v.map((x) => expect.closeTo(x, 6));

describe('imageIn', () => {
  it('lies in the plane, around the middle, apex on top, as large as the slices', () => {
    const plane = planeOf(acrossAt(35, 10, 8));
    const middle: Vec3 = add([3, -4, 5], scale(along, 2));
    const image = imageIn(plane, stackOf(9), middle);
    expect(planeAngleDeg(planeOf(image), plane)).toBeLessThan(1e-5);
    expect(planeDistanceMm(plane, pixelToWorld(image, 0, 63))).toBeLessThan(1e-9);
    // the middle's foot
    const away = centreOf(image).map((x, i) => middle[i]! - x) as unknown as Vec3;
    expect(Math.abs(dot(away, plane.normal))).toBeCloseTo(Math.hypot(...away), 9);
    expect(dot(image.columnDirection, along)).toBeLessThan(-0.9);
    expect(Math.abs(dot(image.rowDirection, along))).toBeLessThan(1e-9);
    expect([image.rows, image.columns, ...image.spacingMm]).toEqual([64, 64, 4, 4]);
    expect(dot(planeNormal(image), planeNormal(image))).toBeCloseTo(1, 12);
  });

  it('shows left and back on the right', () => {
    for (const degrees of [0, 40, 80, 120, 160]) {
      const { rowDirection: x } = imageIn(planeOf(acrossAt(degrees)), stackOf(5), [0, 0, 0]);
      const largest = x.reduce((most, v) => (Math.abs(v) > Math.abs(most) ? v : most));
      expect(largest === x[2] ? -largest : largest).toBeGreaterThan(0);
    }
  });
});

describe('middleOf', () => {
  it('is where two planes cross in the middle slice, else that slice’s middle', () => {
    const at = (degrees: number, offset = 0) => planeOf(acrossAt(degrees, 0, offset));
    const stack = stackOf(9);
    const [, right, down] = [along, stack[4]!.rowDirection, stack[4]!.columnDirection];
    expect(middleOf(stack, [at(0, 12), at(90, -8)])).toEqual(close(add(scale(right, 12), scale(down, -8))));
    expect(middleOf(stack, [at(0, 12)])).toEqual(close([0, 0, 0]));
    expect(middleOf(stack, [at(0, 12), at(10, 3)])).toEqual(close([0, 0, 0]));
    expect(middleOf(stack, [at(0, 12), at(90, 400)])).toEqual(close([0, 0, 0]));
    // 80 mm high, 256 wide
    const low = stack.map((plane) => ({
      ...plane,
      rows: 20,
      position: add(plane.position, scale(plane.columnDirection, 4 * 22)),
    }));
    expect(middleOf(low, [at(0, 60), at(90, 12)])).toEqual(close(add(scale(right, 60), scale(down, 12))));
    expect(middleOf(low, [at(0, 12), at(90, 60)])).toEqual(close([0, 0, 0]));
  });
});

/** A slice whose pixels are a linear function of place. */
function ramp(plane: ImagePlane, of: (point: Vec3) => number) {
  const { rows, columns } = plane;
  const values = Float32Array.from({ length: rows * columns }, (_, i) =>
    of(pixelToWorld(plane, i % columns, Math.floor(i / columns))),
  );
  return { plane, image: { rows, columns, values } };
}

describe('reformat', () => {
  it('is exact for what is linear, within the stack, and 0 outside', () => {
    const value = ([x, y, z]: Vec3): number => 100 + 0.3 * x - 0.2 * y + 0.5 * z;
    const target = acrossAt(25, 15, 4);
    const stack = stackOf(9).map((plane) => ramp(plane, value));
    const { values } = reformat(stack, target);
    let inside = 0;
    for (let i = 0; i < values.length; i++) {
      const point = pixelToWorld(target, i % 64, Math.floor(i / 64));
      const place = dot(point, along);
      if (Math.abs(place) < 31.9) {
        const flat = Math.max(
          ...[0, 1].map((k) =>
            Math.abs(dot(point, [stack[0]!.plane.rowDirection, stack[0]!.plane.columnDirection][k]!)),
          ),
        );
        if (flat > 120) continue;
        expect(values[i]).toBeCloseTo(value(point), 3);
        inside++;
      } else if (Math.abs(place) > 36.1) expect(values[i]).toBe(0);
    }
    expect(inside).toBeGreaterThan(500);
  });

  it('repeats the outer slices for half a step', () => {
    const stack = stackOf(5).map((plane, i) => ramp(plane, () => 10 * (i + 1)));
    const { values } = reformat(stack, acrossAt(0));
    expect(new Set([...values].filter((v) => v > 0).map(Math.round))).toContain(50);
    expect(Math.max(...values)).toBeCloseTo(50, 4);
  });
});

describe('regrid', () => {
  it('is exact for what is linear, and 0 outside', () => {
    const source = ramp(acrossAt(25), ([x, y, z]) => 100 + 0.3 * x - 0.2 * y + 0.5 * z);
    const target = { ...source.plane, position: pixelToWorld(source.plane, 50.5, 20), columns: 16, rows: 9 };
    const { rows, columns, values } = regrid(source, target);
    expect([rows, columns]).toEqual([9, 16]);
    for (const [i, value] of values.entries()) {
      const at = source.image.values[(20 + Math.floor(i / 16)) * 64 + 50 + (i % 16)]!;
      const next = source.image.values[(20 + Math.floor(i / 16)) * 64 + 51 + (i % 16)]!;
      if (i % 16 < 13) expect(value).toBeCloseTo((at + next) / 2, 4);
      if (i % 16 > 13) expect(value).toBe(0);
    }
  });
});
