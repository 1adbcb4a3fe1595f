/** @file Tiles cut from images: exact pixels, moved by whole numbers, each with a mean and contrast of its own taken away. */
import * as ops from '../../autograd/ops.ts';
import { ConfigError } from '../../base/errors.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Grid } from '../task.ts';

/** How tiles lie in an image; lengths in pixels of an image of 224, which other sizes scale. */
export interface Cutting {
  readonly perSide: number;
  /** Side of the square that the cells divide, at a random place. */
  readonly crop: number;
  /** Side of a tile, at a random place in its cell; at most. */
  readonly tile: number;
  /** Least distance between tiles. */
  readonly apart: number;
}

/** The same in whole pixels of an image. */
export interface Cells {
  readonly perSide: number;
  /** Side of the image. */
  readonly size: number;
  readonly cell: number;
  readonly tile: number;
  readonly apart: number;
}

const USUAL_SIZE = 224;

/** Cells of images, with the longest side of a tile that fits into them. */
function roomOf(size: number, cutting: Cutting): Omit<Cells, 'tile'> & { readonly most: number } {
  const { perSide } = cutting;
  const [crop, tile, between] = [cutting.crop, cutting.tile, cutting.apart].map(
    (length) => (length * size) / USUAL_SIZE,
  );
  const cell = Math.floor(crop! / perSide);
  const apart = Math.round(between!);
  return { perSide, size, cell, apart, most: Math.floor(Math.min(tile!, cell - apart)) };
}

/** The least side of images that the network takes, and their tiles too. */
function leastSize(sideStep: number, cutting: Cutting): number {
  for (let size = sideStep; ; size += sideStep) if (roomOf(size, cutting).most >= sideStep) return size;
}

/**
 * Cells and tiles of images. The side of a tile is the largest that is no longer than asked for and that the network takes.
 * @param task that asks, for errors
 * @throws ConfigError where no tile is large enough for the network
 */
export function cellsOf(task: string, { size, sideStep = 1 }: Grid, cutting: Cutting): Cells {
  const { most, ...cells } = roomOf(size, cutting);
  const tile = most - (most % sideStep);
  if (tile > 0) return { ...cells, tile };
  throw new ConfigError(
    `Task ${task}: tiles of images of ${size} px are ${most} px at most, and this network takes multiples of ${sideStep}. Prepare images at ${leastSize(sideStep, cutting)} px or a larger multiple of ${sideStep} (size), or take a network of fewer levels (model.depth).`,
  );
}

/** Upper left corner of a tile in its image. */
export interface Corner {
  readonly x: number;
  readonly y: number;
}

/** Corners of all tiles of an image, row by row: the crop and every tile in its cell at places drawn, each equally often. */
export function cornersOf({ perSide, size, cell, tile, apart }: Cells, draw: () => number): Corner[] {
  const upTo = (most: number): number => Math.floor(draw() * (most + 1));
  const slack = size - perSide * cell;
  const [left, top] = [upTo(slack), upTo(slack)];
  const room = cell - apart - tile;
  const inset = Math.floor(apart / 2);
  return Array.from({ length: perSide ** 2 }, (_, i) => ({
    x: left + (i % perSide) * cell + inset + upTo(room),
    y: top + Math.floor(i / perSide) * cell + inset + upTo(room),
  }));
}

/** What is mirrored of a tile. */
export interface Mirrored {
  readonly rows: boolean;
  readonly columns: boolean;
}

const upright: Mirrored = { rows: false, columns: false };

/**
 * Writes the pixels of a tile into a table of places, row by row.
 * @param at number of the tile in the table
 * @param view which of the example's images, one below another, it is cut from
 */
export function cutTile(
  places: Uint32Array,
  at: number,
  { size, tile }: Pick<Cells, 'size' | 'tile'>,
  { x, y }: Corner,
  view = 0,
  { rows, columns } = upright,
): void {
  const last = tile - 1;
  let to = at * tile * tile;
  for (let row = 0; row < tile; row++) {
    const start = (view * size + y + (rows ? last - row : row)) * size + x;
    for (let column = 0; column < tile; column++) places[to++] = start + (columns ? last - column : column);
  }
}

/** Added to variances, so that a tile of one value becomes 0: noise a hundredth of the image's contrast stays small. */
const LEAST_VARIANCE = 1e-4;

/**
 * Tiles of images, each with mean 0 and variance 1.
 * @param images [N·V, size, size, 1]
 * @param places [N, T·tile, tile], u32: the pixels of T tiles one below another, in V images one below another
 * @returns [N·T, tile, tile, 1]
 */
export function tilesOf(images: Tensor, places: Tensor): Tensor {
  const [examples, length, tile] = places.shape as [number, number, number];
  const [count, height, width] = images.shape as [number, number, number];
  const stacked = ops.reshape(images, [examples, (count / examples) * height, width, 1]);
  const cut = ops.gatherPixels(stacked, places);
  const tiles = ops.reshape(cut, [(examples * length) / tile, tile, tile, 1]);
  const over = { axes: [1, 2], keepDims: true };
  const spread = ops.affine(ops.variance(tiles, { ...over, correction: 0 }), 1, LEAST_VARIANCE);
  return ops.multiply(ops.subtract(tiles, ops.mean(tiles, over)), ops.rsqrt(spread));
}
