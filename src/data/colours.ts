/** @file Colours of images: sRGB as CIELAB, lightness apart from colour, and colours of two data sets as one. */
import type { TrainingData } from './types.ts';
import { filledValues, joinedValues, type Values } from './values.ts';

/** sRGB's primaries as XYZ under D65 (IEC 61966-2-1), row by row. */
const toXyz = [
  [0.4124, 0.3576, 0.1805],
  [0.2126, 0.7152, 0.0722],
  [0.0193, 0.1192, 0.9505],
] as const;

/** XYZ of white, all three primaries at 1: so that greys have no colour at all. */
const white = toXyz.map(([r, g, b]) => r + g + b);

/** Of each byte the light that it stands for, 0 to 1 (IEC 61966-2-1). */
const linear = Float64Array.from({ length: 256 }, (_, byte) => {
  const v = byte / 255;
  return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
});

const DELTA = 6 / 29;

/** The cube root, with a line below δ³ (ISO/CIE 11664-4). */
const rooted = (t: number): number => (t > DELTA ** 3 ? Math.cbrt(t) : t / (3 * DELTA ** 2) + 4 / 29);

/** Planes of an image in CIELAB. */
export interface Lab {
  /** L*, 0 to 100, [rows, columns]. */
  readonly lightness: Float32Array;
  /** a*, green to red, about −86 to 98. */
  readonly a: Float32Array;
  /** b*, blue to yellow, about −108 to 94. */
  readonly b: Float32Array;
}

/** Bytes of sRGB as CIELAB under D65 (ISO/CIE 11664-4). @param rgb [pixels, 3] */
export function labOf(rgb: Uint8Array): Lab {
  const count = rgb.length / 3;
  const [lightness, a, b] = [new Float32Array(count), new Float32Array(count), new Float32Array(count)];
  for (let i = 0; i < count; i++) {
    const [red, green, blue] = [linear[rgb[3 * i]!]!, linear[rgb[3 * i + 1]!]!, linear[rgb[3 * i + 2]!]!];
    const [x, y, z] = toXyz.map((row, k) =>
      rooted((row[0] * red + row[1] * green + row[2] * blue) / white[k]!),
    ) as [number, number, number];
    lightness[i] = 116 * y - 16;
    a[i] = 500 * (x - y);
    b[i] = 200 * (y - z);
  }
  return { lightness, a, b };
}

type Coloured = Pick<TrainingData, 'pixels' | 'colours'>;

const numbers = (length: number): Float32Array => new Float32Array(length);

const coloursOf = ({ pixels, colours }: Coloured): Values<Float32Array> =>
  colours ?? filledValues(Number.NaN, 2 * pixels.length, numbers);

/** Colours of one data set's images and behind them the other's, NaN of those without; undefined where neither has any. */
export function joinedColours(one: Coloured, other: Coloured): Values<Float32Array> | undefined {
  if (!one.colours && !other.colours) return undefined;
  return joinedValues(coloursOf(one), coloursOf(other), numbers);
}
