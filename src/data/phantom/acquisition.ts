/** @file Turns painted brightness into what a scanner stores: texture, coil, band, ghost, Rician noise, integers. */

import { hashWords, mix } from '../../base/hash.ts';
import type { Vec3 } from '../types.ts';
import { normalize } from '../vector.ts';
import { normalOfBits, type Random } from './random.ts';
import type { Raster } from './raster.ts';
import type { Variation } from './settings.ts';

/** What one subject's scan does to every image. */
export interface Scanner {
  /** Stored value of blood. */
  readonly gain: number;
  readonly bias: number;
  /** Direction towards the receive coil. */
  readonly coil: Vec3;
  /** Standard deviation of the noise in units of blood. */
  readonly noise: number;
  /** Strength of a copy half a field of view away, 0 for none, and whether it moves along rows. */
  readonly ghost: number;
  readonly ghostAlongRows: boolean;
  /** A dark stripe where the field is off, or null. */
  readonly band: {
    readonly normal: Vec3;
    readonly at: number;
    readonly width: number;
    readonly depth: number;
  } | null;
  readonly texture: Float32Array;
  readonly textureStrength: number;
}

/** The largest stored value: 12 bits. */
export const LARGEST_VALUE = 4095;
const TEXTURE_SIDE = 16;
const TEXTURE_MM = 7;

export function drawScanner(random: Random, variation: Variation): Scanner {
  const towards: Vec3 = [0.3 + random.spread(0.6), -1 + random.spread(0.4), random.spread(0.5)];
  const ghost = random.chance(variation.ghost) ? random.uniform(0.05, 0.15) : 0;
  const band = random.chance(0.6 * variation.ghost) ? drawBand(random) : null;
  return {
    gain: random.uniform(350, 900),
    bias: variation.bias * random.uniform(0.5, 1),
    coil: normalize(towards),
    noise: random.uniform(...variation.noise),
    ghost,
    ghostAlongRows: random.chance(0.5),
    band,
    texture: Float32Array.from({ length: TEXTURE_SIDE ** 3 }, () => random.spread(1)),
    textureStrength: random.uniform(0.08, 0.16),
  };
}

function drawBand(random: Random): NonNullable<Scanner['band']> {
  const normal = normalize([random.normal(1), random.normal(1), random.normal(0.5)]);
  const at = random.uniform(35, 75) * (random.chance(0.5) ? 1 : -1);
  return { normal, at, width: random.uniform(5, 10), depth: random.uniform(0.5, 0.9) };
}

/** Scans mean brightness: `painted` is summed over `count` sheets and is overwritten. */
export function acquire(
  scanner: Scanner,
  raster: Raster,
  painted: Float32Array,
  count: number,
  key: number,
): Uint16Array {
  receive(scanner, raster, painted, 1 / count);
  const ghosted = scanner.ghost > 0 ? addGhost(scanner, raster.size, painted) : painted;
  return addNoise(scanner, ghosted, key);
}

/** Multiplies by tissue texture, coil sensitivity and dark band, all fixed in the patient. */
function receive(scanner: Scanner, raster: Raster, painted: Float32Array, factor: number): void {
  const { origin, across, down, size } = raster;
  const { coil, bias, band, texture, textureStrength } = scanner;
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const x = origin[0] + down[0] * row + across[0] * column;
      const y = origin[1] + down[1] * row + across[1] * column;
      const z = origin[2] + down[2] * row + across[2] * column;
      const near = (x * coil[0] + y * coil[1] + z * coil[2]) / 110;
      const far = (x * x + y * y + z * z) / 26000;
      let gain = Math.max(0.12, 1 + bias * (Math.max(-1, Math.min(1.2, near)) - 0.5 * far));
      if (band !== null) {
        const away = (x * band.normal[0] + y * band.normal[1] + z * band.normal[2] - band.at) / band.width;
        gain *= 1 - band.depth / (1 + away * away * away * away);
      }
      gain *= 1 + textureStrength * textureAt(texture, x / TEXTURE_MM, y / TEXTURE_MM, z / TEXTURE_MM);
      painted[row * size + column]! *= gain * factor;
    }
  }
}

/** Trilinear value of a periodic lattice of random numbers in ±1. */
function textureAt(lattice: Float32Array, x: number, y: number, z: number): number {
  const x0 = Math.floor(x);
  const y0 = Math.floor(y);
  const z0 = Math.floor(z);
  const side = TEXTURE_SIDE - 1;
  const left = x0 & side;
  const right = (x0 + 1) & side;
  const low = plane(lattice, left, right, y0, z0 & side, x - x0, y - y0);
  const high = plane(lattice, left, right, y0, (z0 + 1) & side, x - x0, y - y0);
  return low + (high - low) * (z - z0);
}

function plane(
  lattice: Float32Array,
  left: number,
  right: number,
  y0: number,
  z: number,
  fx: number,
  fy: number,
): number {
  const side = TEXTURE_SIDE - 1;
  const first = (z * TEXTURE_SIDE + (y0 & side)) * TEXTURE_SIDE;
  const second = (z * TEXTURE_SIDE + ((y0 + 1) & side)) * TEXTURE_SIDE;
  const a = lattice[first + left]! + (lattice[first + right]! - lattice[first + left]!) * fx;
  const b = lattice[second + left]! + (lattice[second + right]! - lattice[second + left]!) * fx;
  return a + (b - a) * fy;
}

/** A faint copy half a field of view along the phase-encoding direction, wrapped around. */
function addGhost(scanner: Scanner, size: number, painted: Float32Array): Float32Array {
  const half = size >> 1;
  const rows = scanner.ghostAlongRows ? 0 : half;
  const columns = scanner.ghostAlongRows ? half : 0;
  return painted.map((value, i) => {
    const row = (Math.floor(i / size) + rows) % size;
    const column = ((i % size) + columns) % size;
    return value + scanner.ghost * painted[row * size + column]!;
  });
}

/** Magnitude of the signal plus complex normal noise, in stored units; `key` names the image. */
function addNoise(scanner: Scanner, values: Float32Array, key: number): Uint16Array {
  const { gain, noise } = scanner;
  const second = hashWords(key, 1);
  const pixels = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const bits = mix((key + Math.imul(i, 0x9e3779b9)) | 0);
    const real = values[i]! + noise * normalOfBits(mix(bits ^ second));
    const imaginary = noise * normalOfBits(mix(bits + second));
    const magnitude = Math.sqrt(real * real + imaginary * imaginary) * gain;
    pixels[i] = Math.min(LARGEST_VALUE, Math.round(magnitude));
  }
  return pixels;
}
