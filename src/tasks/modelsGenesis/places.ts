/** @file Which pixels of an image end up where: shuffled in small windows, painted over inside or outside of boxes. */
import { permutation } from '../../base/random.ts';

type Draw = () => number;

/** A whole number from `least` to `most`, both included. */
const between = (draw: Draw, least: number, most: number): number =>
  least + Math.floor(draw() * (most - least + 1));

/** Windows over an image, of sides 1 … ⌊size/10⌋: as many as together have `crops` times its pixels. */
export function windowCount(size: number, crops: number): number {
  const mean = (1 + Math.max(1, Math.floor(size / 10))) / 2;
  return Math.round((crops * size ** 2) / mean ** 2);
}

/** [size, size]: every pixel's own place, but for windows whose pixels are permuted, each read from the image itself. */
export function shuffledPlaces(size: number, windows: number, draw: Draw): Uint32Array {
  const places = Uint32Array.from({ length: size * size }, (_, i) => i);
  const most = Math.max(1, Math.floor(size / 10));
  for (let window = 0; window < windows; window++) {
    const [width, height] = [between(draw, 1, most), between(draw, 1, most)];
    const first = between(draw, 0, size - height) * size + between(draw, 0, size - width);
    const order = permutation(width * height, draw);
    for (let i = 0, to = first; i < order.length; i++, to += i % width === 0 ? size - width + 1 : 1)
      places[to] = first + Math.floor(order[i]! / width) * size + (order[i]! % width);
  }
  return places;
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Pixels that boxes stay away from the border. */
const BORDER = 3;

function boxOf(size: number, side: () => number, draw: Draw): Box {
  const [width, height] = [side(), side()];
  return {
    ...{ width, height },
    x: between(draw, BORDER, size - width - BORDER),
    y: between(draw, BORDER, size - height - BORDER),
  };
}

/** Sets the places inside a box to those of `values`. */
function fillBox(places: Uint32Array, size: number, box: Box, values: Uint32Array): void {
  for (let row = box.y; row < box.y + box.height; row++) {
    const [start, end] = [row * size + box.x, row * size + box.x + box.width];
    places.set(values.subarray(start, end), start);
  }
}

const MOST_BOXES = 5;
const NEXT_BOX = 0.95;

/** In-painting: up to five boxes of a sixth to a third of the side are noise. @param noise what stands for noise */
export function paintedInside(places: Uint32Array, size: number, noise: number, draw: Draw): Uint32Array {
  const out = places.slice();
  const all = new Uint32Array(places.length).fill(noise);
  const side = () => between(draw, Math.floor(size / 6), Math.floor(size / 3));
  for (let boxes = 0; boxes < MOST_BOXES && draw() < NEXT_BOX; boxes++)
    fillBox(out, size, boxOf(size, side, draw), all);
  return out;
}

/** Out-painting: all is noise but for one to five boxes of three to four sevenths of the side. */
export function paintedOutside(places: Uint32Array, size: number, noise: number, draw: Draw): Uint32Array {
  const out = new Uint32Array(places.length).fill(noise);
  const side = () => size - between(draw, Math.floor((3 * size) / 7), Math.floor((4 * size) / 7));
  let boxes = 0;
  do fillBox(out, size, boxOf(size, side, draw), places);
  while (++boxes < MOST_BOXES && draw() < NEXT_BOX);
  return out;
}
