/** @file Images as planning looks at them: the same whichever way they are stored. */
import { describe, expect, it } from 'vitest';
import { applyAffine } from '../../src/data/affine.ts';
import { pixelToWorld } from '../../src/data/geometry.ts';
import type { ImagePlane, PreparedImage, Vec3 } from '../../src/data/types.ts';
import { commonTurn, isTurn, turnOf, upright } from '../../src/data/upright.ts';
import { normalize, scale } from '../../src/data/vector.ts';
import { anglesOf, lookOf } from '../../src/run/looks.ts';
import { imageAt } from '../planning/stacks.ts';

const size = 64;
const imageOf = (plane: ImagePlane): PreparedImage => ({
  ...{
    subject: 'p',
    file: 'p.dcm',
    view: 'short-axis',
    frame: 0,
    slice: 0,
    lines: [],
    location: null,
    plane,
  },
});

/** An image around the origin, stored in all eight ways; first as given. */
function stored(right: Vec3, down: Vec3): ImagePlane[] {
  const [x, y] = [normalize(right), normalize(down)];
  const sides = [x, scale(x, -1)].flatMap((a) => [y, scale(y, -1)].map((b) => [a, b] as const));
  return [...sides, ...sides.map(([a, b]) => [b, a] as const)].map(([a, b]) => imageAt([0, 0, 0], a, b));
}

/** Directions to the right and down as radiology shows them; of a short axis as scanners do. */
const shown: [view: string, right: Vec3, down: Vec3][] = [
  ['short-axis', [0.65, 0.7, 0.3], [-0.2, 0.5, -0.733]],
  ['axial', [1, 0, 0], [0, 1, 0]],
  ['coronal', [1, 0, 0], [0, 0, -1]],
  ['sagittal', [0, 1, 0], [0, 0, -1]],
];

describe('a look', () => {
  it.each(shown)('at a %s image is the same however it is stored', (targetView, right, down) => {
    for (const degrees of anglesOf(5)) {
      const look = lookOf({ size, targetView }, degrees);
      const seen = stored(right, down).map((plane) =>
        [
          [0, 0],
          [63, 0],
          [10, 40],
        ].map(([x, y]) => pixelToWorld(plane, ...applyAffine(look(imageOf(plane)), x!, y!))),
      );
      for (const points of seen) for (const [i, p] of points.entries()) close(p, seen[0]![i]!);
    }
    const [asShown] = stored(right, down);
    expect(lookOf({ size, targetView })(imageOf(asShown!))).toEqual([1, 0, 0, 0, 1, 0]);
  });

  it('shows weights images as theirs lay', () => {
    const [, right, down] = shown[0]!;
    const planes = stored(right, down);
    for (const own of planes) {
      const turned = turnOf('short-axis', own);
      const look = lookOf({ size, targetView: 'short-axis', turned });
      expect(look(imageOf(own)).map((v) => v + 0)).toEqual([1, 0, 0, 0, 1, 0]);
      for (const other of planes)
        close(pixelToWorld(other, ...applyAffine(look(imageOf(other)), 3, 50)), pixelToWorld(own, 3, 50));
    }
    expect(new Set(planes.map((plane) => String(turnOf('short-axis', plane)))).size).toBe(8);
  });
});

function close(a: Vec3, b: Vec3): void {
  for (const axis of [0, 1, 2] as const) expect(a[axis]).toBeCloseTo(b[axis], 9);
}

describe('a turn', () => {
  const [, right, down] = shown[0]!;
  const planes = stored(right, down);

  it('is what most images of the data have, and nothing where they lie as they should', () => {
    const of = (...own: ImagePlane[]) => commonTurn({ targetView: 'short-axis', images: own.map(imageOf) });
    const [lies, other, third] = planes as [ImagePlane, ImagePlane, ImagePlane];
    expect(of(lies, lies, other)).toBeUndefined();
    expect(of(lies, other, other)).toEqual(turnOf('short-axis', other));
    expect(of(other, third, third)).toEqual(turnOf('short-axis', third));
    expect(of()).toBeUndefined();
  });

  it('is none of long axes, which lie as the heart does', () => {
    for (const plane of planes) expect(turnOf('4-chamber', plane)).toBe(upright);
  });

  it('is none of an image that is merely askew', () => {
    const askew = (degrees: number): ImagePlane => {
      const [c, s] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
      return imageAt([0, 0, 0], [c, 0, -s], [-s, 0, -c]);
    };
    for (const degrees of [-45, -20, 20, 45]) expect(turnOf('coronal', askew(degrees))).toBe(upright);
    for (const degrees of [75, 90, 105, 180]) expect(turnOf('coronal', askew(degrees))).not.toBe(upright);
  });

  it('is known in a file', () => {
    expect([[1, 0, 0, 1], [0, -1, 1, 0], [1, 0, 0], [1, 1, 0, 1], 'x', null].map(isTurn)).toEqual([
      ...[true, true, false, false, false, false],
    ]);
  });
});
