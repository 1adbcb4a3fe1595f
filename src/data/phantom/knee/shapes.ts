/** @file Solids of the knee as distances from their surface, and how they are painted on a plane. */
import type { Vec3 } from '../../types.ts';
import { add, dot, scale, subtract } from '../../vector.ts';
import { directionFromFrame, type Frame } from '../frame.ts';
import { cover, type Raster, type Window, windowOf } from '../raster.ts';

/** Distance of a point from a surface, negative inside; millimetres of a knee of mean size, near the surface. */
export type Shape = (x: number, y: number, z: number) => number;

/** A shape that lies within a box, and how bright it is in units of joint fluid. */
export interface Piece {
  readonly shape: Shape;
  readonly low: Vec3;
  readonly high: Vec3;
  readonly value: number;
}

/** Where a knee lies: along x to the lateral side, along y to the back, along z upwards; left-handed on the right. */
export interface Place {
  readonly frame: Frame;
  /** Its size beside the mean. */
  readonly scale: number;
  /** Tangent of its flexion: how far the leg goes back for each millimetre below the joint. */
  readonly bend: number;
}

/** A point of the knee's own space in patient coordinates. */
export function fromKnee({ frame, scale: size, bend }: Place, [x, y, z]: Vec3): Vec3 {
  return add(frame.origin, directionFromFrame(frame, scale([x, y - bend * Math.min(0, z), z], size)));
}

export function ball([cx, cy, cz]: Vec3, [rx, ry, rz]: Vec3): Shape {
  const [kx, ky, kz] = [1 / rx, 1 / ry, 1 / rz];
  return (px, py, pz) => {
    const x = (px - cx) * kx;
    const y = (py - cy) * ky;
    const z = (pz - cz) * kz;
    const norm = Math.sqrt(x * x + y * y + z * z);
    const slope = Math.sqrt(x * x * kx * kx + y * y * ky * ky + z * z * kz * kz);
    return slope < 1e-9 ? -Math.min(rx, ry, rz) : (norm * (norm - 1)) / slope;
  };
}

/** The points within `radius` of a segment. @param flat how much wider it is from side to side */
export function band(from: Vec3, to: Vec3, radius: number, flat = 1): Shape {
  const [fx, fy, fz] = from;
  const [ax, ay, az] = [(to[0] - fx) / flat, to[1] - fy, to[2] - fz];
  const squared = ax * ax + ay * ay + az * az;
  return (px, py, pz) => {
    const x = (px - fx) / flat;
    const y = py - fy;
    const z = pz - fz;
    const t = Math.min(1, Math.max(0, (x * ax + y * ay + z * az) / squared));
    const dx = x - t * ax;
    const dy = y - t * ay;
    const dz = z - t * az;
    return Math.sqrt(dx * dx + dy * dy + dz * dz) - radius;
  };
}

/** Not Math.hypot, which takes many times as long. */
export const length = (x: number, y: number): number => Math.sqrt(x * x + y * y);

export const both =
  (one: Shape, other: Shape): Shape =>
  (x, y, z) =>
    Math.max(one(x, y, z), other(x, y, z));

export const either =
  (one: Shape, other: Shape): Shape =>
  (x, y, z) =>
    Math.min(one(x, y, z), other(x, y, z));

export const grown =
  (shape: Shape, mm: number): Shape =>
  (x, y, z) =>
    shape(x, y, z) - mm;

/** A shape that lies within `around` mm of two corners. */
export function pieceOf(shape: Shape, one: Vec3, other: Vec3, around: number | Vec3, value: number): Piece {
  const [x, y, z] = typeof around === 'number' ? [around, around, around] : around;
  return {
    shape,
    low: [Math.min(one[0], other[0]) - x, Math.min(one[1], other[1]) - y, Math.min(one[2], other[2]) - z],
    high: [Math.max(one[0], other[0]) + x, Math.max(one[1], other[1]) + y, Math.max(one[2], other[2]) + z],
    value,
  };
}

/** An ellipsoid as a piece. */
export const ballPiece = (centre: Vec3, radii: Vec3, value: number): Piece =>
  pieceOf(ball(centre, radii), centre, centre, radii, value);

/** A capsule as a piece. */
export const bandPiece = (from: Vec3, to: Vec3, radius: number, value: number, flat = 1): Piece =>
  pieceOf(band(from, to, radius, flat), from, to, [radius * flat, radius, radius], value);

/** Paints pieces over each other, with edges one pixel wide. */
export function paintPieces(raster: Raster, place: Place, pieces: readonly Piece[]): void {
  for (const piece of pieces) paintPiece(raster, place, piece);
}

function windowAround(raster: Raster, place: Place, { low, high }: Piece): Window | null {
  const centre = scale(add(low, high), 0.5);
  const half = subtract(high, centre);
  return windowOf(
    raster,
    fromKnee(place, centre),
    Math.sqrt(dot(half, half)) * place.scale * (1 + place.bend),
  );
}

function paintPiece(raster: Raster, place: Place, piece: Piece): void {
  const window = windowAround(raster, place, piece);
  if (window === null) return;
  const { frame, scale: size, bend } = place;
  const { shape, value } = piece;
  const along = (v: Vec3): Vec3 => [dot(v, frame.x) / size, dot(v, frame.y) / size, dot(v, frame.z) / size];
  const [sx, sy, sz] = along(subtract(raster.origin, frame.origin));
  const [ax, ay, az] = along(raster.across);
  const [dx, dy, dz] = along(raster.down);
  const perPixel = size / raster.pixelMm;
  // an edge reaches half a pixel out
  const edge = 0.5 / perPixel;
  const [x0, y0, z0] = [piece.low[0] - edge, piece.low[1] - edge, piece.low[2] - edge];
  const [x1, y1, z1] = [piece.high[0] + edge, piece.high[1] + edge, piece.high[2] + edge];
  for (let row = window.top; row <= window.bottom; row++) {
    for (let column = window.left; column <= window.right; column++) {
      const x = sx + dx * row + ax * column;
      if (x < x0 || x > x1) continue;
      const z = sz + dz * row + az * column;
      if (z < z0 || z > z1) continue;
      const y = sy + dy * row + ay * column + (z < 0 ? bend * z : 0);
      if (y < y0 || y > y1) continue;
      const coverage = 0.5 - shape(x, y, z) * perPixel;
      if (coverage > 0) cover(raster.value, row * raster.size + column, value, coverage);
    }
  }
}
