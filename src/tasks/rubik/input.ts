/** @file What Rubik's cube shows: tiles of two groups of slices of a stack, exchanged, turned and partly hidden. */
import * as ops from '../../autograd/ops.ts';
import { type Field, field } from '../../data/field.ts';
import { type Example, someOf } from '../../data/input.ts';
import type { Grid, TaskInput } from '../task.ts';
import {
  type Cells,
  type Cutting,
  cellsOf,
  cornersOf,
  cutTile,
  type Mirrored,
  tilesOf,
} from '../tiles/cut.ts';
import { type Order, tileOrders } from '../tiles/permutations.ts';

/** Tiles of an example: 2 × 2 of each of two groups of slices. */
export const TILES = 8;
/** Slices of a group. */
export const SLICES = 3;
const GROUPS = 2;

/** Slices that a stack must have: two groups, and one left between. */
export const LEAST_SLICES = GROUPS * SLICES + 1;

const cutting: Cutting = { perSide: 2, crop: 224, tile: 96, apart: 10 };

/** A tile is left, turned by 180° about the row axis, which reverses its slices, or in its plane. */
const turnings = ['none', 'over', 'plane'] as const;

export const mirrorings: Readonly<Record<(typeof turnings)[number], Mirrored>> = {
  none: { rows: false, columns: false },
  over: { rows: true, columns: false },
  plane: { rows: true, columns: true },
};

type Draw = () => number;

/** Which of `count`, each equally often. */
const oneOf = (count: number, draw: Draw): number => Math.floor(draw() * count);

/**
 * Two groups of slices from base to apex: three of each half, in order, the slice between the halves left out; that is the
 * one nearest to the middle which leaves three to either side and is not the slice whose turn it is. Null where there is
 * none.
 * @param count of the stack's slices
 * @param own the slice whose turn it is, which is one of the six
 */
export function sliceGroups(count: number, own: number, draw: Draw): [number[], number[]] | null {
  const middle = (count - 1) / 2;
  const between = Array.from({ length: count }, (_, i) => i)
    .filter((i) => i >= SLICES && i < count - SLICES && i !== own)
    .sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle) || a - b)[0];
  if (between === undefined) return null;
  const numbers = Array.from({ length: count }, (_, i) => i);
  return [
    someOf(numbers.slice(0, between), SLICES, own, draw),
    someOf(numbers.slice(between + 1), SLICES, own, draw),
  ];
}

/** Side of the squares in which tiles are hidden, pixels, as near as they fit. */
const BLOCK = 4;

export interface Cubes {
  readonly input: TaskInput;
  readonly cells: Cells;
  readonly orders: readonly Order[];
  /** [2·TILES], 0 or 1, by place: turned about the row axis; turned in the plane. */
  readonly turned: Field;
  /** [TILES], 0 or 1, by place: partly hidden. */
  readonly masked: Field;
}

/** What an example says where its stack is too thin. */
export const TOO_THIN = -1;

/**
 * @param task that asks
 * @param count of the orders
 * @param hides whether half of the tiles are hidden in half of their squares
 * @throws ConfigError where tiles are too small for the network
 */
export function cubesOf(task: string, grid: Grid, count: number, hides: boolean): Cubes {
  const cells = cellsOf(task, grid, cutting);
  const { tile } = cells;
  const orders = tileOrders(TILES, count);
  const squares = Math.max(1, Math.round(tile / BLOCK));
  const images = TILES * SLICES;
  const places = field('tiles', { kind: 'value', shape: [images * tile, tile], dtype: 'u32' });
  const turned = field('turned tiles', { kind: 'value', shape: [2 * TILES] });
  const masked = field('masked tiles', { kind: 'value', shape: [TILES] });
  const shown = field('shown squares', { kind: 'value', shape: [images * squares, squares, 1] });
  const tables = hides ? [places, turned, masked, shown] : [places, turned];

  /** Cuts all tiles, each in its place and turned. @param views which view each slice of each group is */
  const cut = (
    order: Order,
    turns: readonly number[],
    views: readonly number[][],
    draw: Draw,
  ): Uint32Array => {
    const table = new Uint32Array(images * tile * tile);
    const corners = Array.from({ length: GROUPS }, () => cornersOf(cells, draw)).flat();
    for (const [place, own] of order.entries()) {
      const group = views[Math.floor(own / (TILES / GROUPS))]!;
      const kind = turnings[turns[place]!]!;
      const slices = kind === 'over' ? [...group].reverse() : group;
      for (const [i, view] of slices.entries())
        cutTile(table, place * SLICES + i, cells, corners[own]!, view, mirrorings[kind]);
    }
    return table;
  };

  const drawnTables = (
    drawn: number,
    views: readonly number[][],
    draw: Draw,
  ): Map<Field, ArrayLike<number>> => {
    const turns = Array.from({ length: TILES }, () => oneOf(turnings.length, draw));
    const flags = [1, 2].flatMap((kind) => turns.map((turn) => Number(turn === kind)));
    const made = new Map<Field, ArrayLike<number>>([
      [places, cut(orders[drawn]!, turns, views, draw)],
      [turned, flags],
    ]);
    if (!hides) return made;
    const hidden = Array.from({ length: TILES }, () => oneOf(2, draw));
    const each = SLICES * squares ** 2;
    made.set(masked, hidden);
    made.set(
      shown,
      Float32Array.from({ length: TILES * each }, (_, i) =>
        hidden[Math.floor(i / each)] ? oneOf(2, draw) : 1,
      ),
    );
    return made;
  };

  const pick: TaskInput['pick'] = ({ sample, change, among, draw }): Example => {
    const stack = among.stackOf(sample);
    const own = stack.findIndex(({ index }) => index === sample.index);
    const groups = sliceGroups(stack.length, own, draw);
    const slices = groups?.flat() ?? [];
    // the image whose turn it is comes first
    const order = [own, ...slices.filter((slice) => slice !== own)];
    const views = Array.from({ length: GROUPS * SLICES }, (_, i) => ({
      sample: stack[order[i] ?? own] ?? sample,
      ...change,
    }));
    const viewsOf = groups?.map((group) => group.map((slice) => order.indexOf(slice)));
    const drawn = groups ? oneOf(count, draw) : TOO_THIN;
    const tables = drawnTables(
      Math.max(0, drawn),
      viewsOf ?? [
        [0, 0, 0],
        [0, 0, 0],
      ],
      draw,
    );
    return { views, drawn, tables };
  };

  const alter: NonNullable<TaskInput['alter']> = (all, at) => {
    const tiles = tilesOf(all, at(places));
    if (!hides) return tiles;
    const squaresOf = ops.reshape(at(shown), [tiles.shape[0]!, squares, squares, 1]);
    // 0 is the tile's mean
    return ops.multiply(tiles, ops.upsampleNearest2d(squaresOf, { size: [tile, tile] }));
  };

  return {
    input: { name: task, views: GROUPS * SLICES, tables, pick, alter },
    ...{ cells, orders, turned, masked },
  };
}
