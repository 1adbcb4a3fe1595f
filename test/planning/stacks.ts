/** @file Stacks whose lines come from known planes, for the tests of planning. */
import { intersectingLine, pixelToWorld } from '../../src/data/geometry.ts';
import type { ImagePlane, Line, Vec3 } from '../../src/data/types.ts';
import { add, cross, normalize, scale } from '../../src/data/vector.ts';
import type { LineSlice } from '../../src/planning/evidence.ts';

/** Base to apex, towards left, front and feet. */
export const along = normalize([0.6, -0.6, -0.5]);
const row = normalize(cross(along, [0, 0, 1]));
const column = cross(along, row);

/** An image of 64 px of 4 mm around a point. */
export function imageAt(centre: Vec3, right = row, down = column): ImagePlane {
  const half = 4 * 31.5;
  return {
    position: add(centre, add(scale(right, -half), scale(down, -half))),
    rowDirection: right,
    columnDirection: down,
    spacingMm: [4, 4],
    rows: 64,
    columns: 64,
  };
}

/** Slices 8 mm apart, the middle one of an odd number at the origin. */
export const stackOf = (count: number): ImagePlane[] =>
  Array.from({ length: count }, (_, i) => imageAt(scale(along, 8 * (i - Math.floor(count / 2)))));

/** The image of a plane across the stack, `degrees` in the slices, tilted against them, off the origin. */
export function acrossAt(degrees: number, tiltDeg = 0, offsetMm = 0): ImagePlane {
  const [a, t] = [(degrees * Math.PI) / 180, (tiltDeg * Math.PI) / 180];
  const flat = add(scale(row, Math.cos(a)), scale(column, Math.sin(a)));
  const normal = add(scale(flat, Math.cos(t)), scale(along, Math.sin(t)));
  const right = normalize(cross(normal, along));
  return imageAt(scale(normal, offsetMm), right, cross(normal, right));
}

/** A line moved by `shift` pixels and turned by `turnDeg` about its point nearest the middle of 64 px. */
export function moved([a, b, d]: Line, shift: number, turnDeg = 0): Line {
  const t = (turnDeg * Math.PI) / 180;
  const away = 31.5 * (a + b) + d;
  const [x, y] = [31.5 - away * a, 31.5 - away * b];
  const [c, s] = [a * Math.cos(t) - b * Math.sin(t), a * Math.sin(t) + b * Math.cos(t)];
  return [c, s, -(c * x + s * y) + shift];
}

/** Where a plane cuts each slice; `change` may move a line or take it away. */
export const slicesOf = (
  planes: readonly ImagePlane[],
  reference: ImagePlane,
  change: (line: Line, slice: number) => Line | null = (line) => line,
): LineSlice[] =>
  planes.map((plane, slice) => {
    const { line } = intersectingLine(plane, reference);
    const own = line && change(line, slice);
    return { plane, lines: own ? [{ line: own, weight: 1 }] : [] };
  });

export const middlePixel = (plane: ImagePlane): Vec3 => pixelToWorld(plane, 31.5, 31.5);
