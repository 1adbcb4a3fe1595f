/** @file Painting implicit solids onto one plane, with soft edges one pixel wide and no work outside their bounds. */
import type { ImagePlane, Vec3 } from '../types.ts';
import { add, cross, dot, scale, subtract } from '../vector.ts';

/** One plane through the anatomy: where it lies (mm, LPS) and what was painted on it. */
export interface Raster {
  readonly size: number;
  readonly pixelMm: number;
  /** Centre of the first pixel. */
  readonly origin: Vec3;
  /** One step along a row (to the next column), mm. */
  readonly across: Vec3;
  /** One step down a column (to the next row), mm. */
  readonly down: Vec3;
  readonly normal: Vec3;
  readonly value: Float32Array;
  readonly label: Uint8Array;
}

/** A sheet of size² values and labels that rasters paint on. */
export type Sheet = Pick<Raster, 'value' | 'label'>;

export function makeSheet(size: number): Sheet {
  return { value: new Float32Array(size * size), label: new Uint8Array(size * size) };
}

/** The plane of an image, `offsetMm` along its normal, seen from anatomy that has moved by `shift` mm. */
export function makeRaster(plane: ImagePlane, offsetMm: number, shift: Vec3, sheet: Sheet): Raster {
  const normal = cross(plane.rowDirection, plane.columnDirection);
  return {
    size: plane.columns,
    pixelMm: plane.spacingMm[0],
    origin: subtract(add(plane.position, scale(normal, offsetMm)), shift),
    across: scale(plane.rowDirection, plane.spacingMm[1]),
    down: scale(plane.columnDirection, plane.spacingMm[0]),
    normal,
    ...sheet,
  };
}

/** Columns left … right and rows top … bottom, all included. */
export interface Window {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** The pixels that a ball can touch, or null where the plane misses it. An infinite reach gives all pixels. */
export function windowOf(raster: Raster, centre: Vec3, reachMm: number): Window | null {
  const { size, pixelMm } = raster;
  const from = subtract(centre, raster.origin);
  const reach = reachMm + pixelMm;
  const height = dot(from, raster.normal);
  const left = reach * reach - height * height;
  if (left <= 0) return null;
  const half = Math.sqrt(left) / pixelMm;
  const column = dot(from, raster.across) / (pixelMm * pixelMm);
  const row = dot(from, raster.down) / (pixelMm * pixelMm);
  const window = {
    left: Math.max(0, Math.ceil(column - half)),
    right: Math.min(size - 1, Math.floor(column + half)),
    top: Math.max(0, Math.ceil(row - half)),
    bottom: Math.min(size - 1, Math.floor(row + half)),
  };
  return window.left > window.right || window.top > window.bottom ? null : window;
}

/** A row-major 3×3 matrix. */
export type Matrix3 = readonly [Vec3, Vec3, Vec3];

export const apply = (m: Matrix3, v: Vec3): Vec3 => [dot(m[0], v), dot(m[1], v), dot(m[2], v)];

/** The points p with |matrix·(p − centre)| ≤ 1. */
export interface Ellipsoid {
  readonly kind: 'ellipsoid';
  readonly centre: Vec3;
  readonly matrix: Matrix3;
  /** Radius of a ball around the centre that holds it, mm. */
  readonly reachMm: number;
  /** Turns the norm into millimetres near the surface. */
  readonly scaleMm: number;
}

/** The points within `radius` of a segment. */
export interface Capsule {
  readonly kind: 'capsule';
  readonly from: Vec3;
  readonly to: Vec3;
  readonly radius: number;
}

export type Solid = Ellipsoid | Capsule;

/** An ellipsoid by its radii along three orthonormal axes; an infinite radius makes a cylinder. */
export function ellipsoid(centre: Vec3, axes: Matrix3, radii: Vec3): Ellipsoid {
  const finite = radii.filter(Number.isFinite);
  return {
    kind: 'ellipsoid',
    centre,
    matrix: [scale(axes[0], 1 / radii[0]), scale(axes[1], 1 / radii[1]), scale(axes[2], 1 / radii[2])],
    reachMm: Math.max(...radii),
    scaleMm: finite.reduce((sum, r) => sum + r, 0) / finite.length,
  };
}

export function capsule(from: Vec3, to: Vec3, radius: number): Capsule {
  return { kind: 'capsule', from, to, radius };
}

/** Blends `value` over a pixel by its coverage: what lies under it shows through a partly covered pixel. */
export function cover(values: Float32Array, index: number, value: number, coverage: number): void {
  if (coverage >= 1) values[index] = value;
  else if (coverage > 0) values[index]! += (value - values[index]!) * coverage;
}

/** Paints a solid of one value; leaves labels alone. */
export function paint(raster: Raster, solid: Solid, value: number): void {
  if (solid.kind === 'ellipsoid') paintEllipsoid(raster, solid, value);
  else paintCapsule(raster, solid, value);
}

function paintEllipsoid(raster: Raster, solid: Ellipsoid, value: number): void {
  const window = windowOf(raster, solid.centre, solid.reachMm);
  if (window === null) return;
  const start = apply(solid.matrix, subtract(raster.origin, solid.centre));
  const [ax, ay, az] = apply(solid.matrix, raster.across);
  const [dx, dy, dz] = apply(solid.matrix, raster.down);
  const pixels = solid.scaleMm / raster.pixelMm;
  const outside = (1 + 0.5 / pixels) ** 2;
  for (let row = window.top; row <= window.bottom; row++) {
    const x0 = start[0] + dx * row;
    const y0 = start[1] + dy * row;
    const z0 = start[2] + dz * row;
    for (let column = window.left; column <= window.right; column++) {
      const x = x0 + ax * column;
      const y = y0 + ay * column;
      const z = z0 + az * column;
      const norm = x * x + y * y + z * z;
      if (norm < outside) {
        cover(raster.value, row * raster.size + column, value, 0.5 - (Math.sqrt(norm) - 1) * pixels);
      }
    }
  }
}

function paintCapsule(raster: Raster, solid: Capsule, value: number): void {
  const axis = subtract(solid.to, solid.from);
  const squared = dot(axis, axis);
  const middle = scale(add(solid.from, solid.to), 0.5);
  const window = windowOf(raster, middle, Math.sqrt(squared) / 2 + solid.radius);
  if (window === null) return;
  const start = subtract(raster.origin, solid.from);
  const [ax, ay, az] = raster.across;
  const [dx, dy, dz] = raster.down;
  const outside = (solid.radius + raster.pixelMm / 2) ** 2;
  for (let row = window.top; row <= window.bottom; row++) {
    for (let column = window.left; column <= window.right; column++) {
      let x = start[0] + dx * row + ax * column;
      let y = start[1] + dy * row + ay * column;
      let z = start[2] + dz * row + az * column;
      const along = Math.min(1, Math.max(0, (x * axis[0] + y * axis[1] + z * axis[2]) / squared));
      x -= along * axis[0];
      y -= along * axis[1];
      z -= along * axis[2];
      const norm = x * x + y * y + z * z;
      if (norm < outside) {
        const inside = (solid.radius - Math.sqrt(norm)) / raster.pixelMm;
        cover(raster.value, row * raster.size + column, value, 0.5 + inside);
      }
    }
  }
}
