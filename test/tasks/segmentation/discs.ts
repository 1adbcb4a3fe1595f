/** @file Discs in noise with their masks: data on which segmentation trains in seconds. */
import { drawsOf } from '../../../src/base/random.ts';
import { type PreparedData, type PreparedImage, UNKNOWN } from '../../../src/data/types.ts';

export const discs = { size: 24, spacingMm: 2, classes: ['background', 'ring', 'disc'] } as const;

interface Disc {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
}

function discOf(image: number): Disc {
  const draw = drawsOf(3, 77, image);
  return { x: 9 + 6 * draw(), y: 9 + 6 * draw(), radius: 3 + 2 * draw() };
}

/** A bright disc in a dark ring on grey noise, and its classes; a strip at the left is not known. */
function drawn(image: number): { readonly pixels: Float32Array; readonly mask: Uint8Array } {
  const { size } = discs;
  const { x, y, radius } = discOf(image);
  const noise = drawsOf(4, 78, image);
  const pixels = new Float32Array(size * size);
  const mask = new Uint8Array(size * size);
  for (let i = 0; i < pixels.length; i++) {
    const distance = Math.hypot((i % size) - x, Math.floor(i / size) - y);
    mask[i] = distance < radius ? 2 : Number(distance < radius + 2.5);
    pixels[i] = [0, -1.5, 2][mask[i]!]! + 0.6 * (noise() - 0.5);
    if (i % size < 2) mask[i] = UNKNOWN;
  }
  return { pixels, mask };
}

function imageOf(image: number): PreparedImage {
  const { size, spacingMm } = discs;
  const plane = {
    position: [0, 0, 8 * image],
    rowDirection: [1, 0, 0],
    columnDirection: [0, 1, 0],
    spacingMm: [spacingMm, spacingMm],
    rows: size,
    columns: size,
  } as const;
  const place = { view: 'short-axis', frame: 0, slice: 0, lines: [], location: null, plane };
  return { subject: `subject${image}`, file: `${image}.nii`, ...place };
}

/** Images of one slice, each of another subject. */
export function discData(count = 8): PreparedData {
  const area = discs.size ** 2;
  const [pixels, masks] = [new Float32Array(count * area), new Uint8Array(count * area)];
  for (let i = 0; i < count; i++) {
    const image = drawn(i);
    pixels.set(image.pixels, i * area);
    masks.set(image.mask, i * area);
  }
  const manifest = {
    ...discs,
    format: 'planewise-prepared',
    version: 2,
    targetView: 'short-axis',
    referenceViews: [],
    dtype: 'f32',
    images: Array.from({ length: count }, (_, i) => imageOf(i)),
    skipped: [],
  } as const;
  return { manifest, pixels, masks };
}
