/**
 * @file Jigsaw puzzles (Noroozi and Favaro, ECCV 2016): tiles of an image come in one of many orders; tell which. The
 * slice form.
 */
import { field } from '../../data/field.ts';
import { groupedHead } from '../../models/heads.ts';
import { classLoss } from '../classLoss.ts';
import { whole } from '../settings.ts';
import { defineTask, type TaskInput } from '../task.ts';
import { type Cutting, cellsOf, cornersOf, cutTile, tilesOf } from '../tiles/cut.ts';
import { mostOrders, tileOrders } from '../tiles/permutations.ts';
import { JigsawJudge } from './judge.ts';

export interface JigsawSettings {
  /** Orders that are told apart. */
  readonly orders: number;
  /** Numbers that each tile is brought to, before the tiles are looked at together. */
  readonly features: number;
  /** Width of the hidden layer that looks at all tiles. */
  readonly hidden: number;
}

const TILES = 9;

/** The paper's, 64 of 85 px in a crop of 255, in our reading: a crop of 216 of 224 px, cells of 72. */
const cutting: Cutting = { perSide: 3, crop: 216, tile: 64, apart: 0 };

export const jigsaw = defineTask<JigsawSettings>({
  name: 'jigsaw',
  title: 'Jigsaw',
  about: 'In which order the tiles of the image come.',
  lossTitle: 'Jigsaw, cross entropy',
  settings: {
    orders: whole({ from: 2, to: mostOrders[TILES] }),
    features: whole({ from: 1, to: 4096 }),
    hidden: whole({ from: 1, to: 4096 }),
  },
  defaults: { orders: 100, features: 64, hidden: 256 },
  setup(_facts, { orders: count, features, hidden }, grid) {
    const cells = cellsOf('jigsaw', grid, cutting);
    const { tile } = cells;
    const orders = tileOrders(TILES, count);
    const places = field('tiles', { kind: 'value', shape: [TILES * tile, tile], dtype: 'u32' });
    const order = field('order', { kind: 'value', shape: [1], dtype: 'u32' });
    const head = groupedHead('jigsaw_layers', count, { tiles: TILES, width: features, hidden, dropout: 0 });
    const input: TaskInput = {
      ...{ name: 'jigsaw', views: 1, tables: [places] },
      pick({ sample, change, draw }) {
        const drawn = Math.floor(draw() * count);
        const corners = cornersOf(cells, draw);
        const table = new Uint32Array(TILES * tile * tile);
        for (const [place, own] of orders[drawn]!.entries()) cutTile(table, place, cells, corners[own]!);
        return { views: [{ sample, ...change }], drawn, tables: new Map([[places, table]]) };
      },
      alter: (images, at) => tilesOf(images, at(places)),
    };
    return {
      fields: [order],
      heads: [head],
      input,
      series: [],
      tells: 'in which order the tiles of an image come',
      fill: ({ drawn }, row) => row.set(order, [drawn]),
      loss: (step) => classLoss(step, head, order),
      judge: () => new JigsawJudge(head, orders, cells),
      check() {},
    };
  },
});
