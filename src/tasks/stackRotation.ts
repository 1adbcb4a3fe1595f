/**
 * @file Rotation of a stack (the 3-D form of Tajbakhsh et al. 2019, in our reading): by how many quarters its slices are
 * turned in their plane, and whether the whole is turned over.
 */
import { ConfigError } from '../base/errors.ts';
import { counted } from '../base/lazy.ts';
import { plural } from '../base/words.ts';
import { composeAffine } from '../data/affine.ts';
import { companionsOf } from '../data/companions.ts';
import { field } from '../data/field.ts';
import { someOf, viewOf } from '../data/input.ts';
import type { Sample } from '../data/sample.ts';
import type { Affine } from '../data/types.ts';
import { groupedHead } from '../models/heads.ts';
import { classLoss } from './classLoss.ts';
import { number, whole } from './settings.ts';
import { defineTask, type Grid, type TaskInput } from './task.ts';
import { cellsOf, cornersOf, cutTile, tilesOf } from './tiles/cut.ts';
import { quarterNames, quarterTurn, TurnJudge } from './turns.ts';

export interface StackRotationSettings {
  /** Numbers that the slices are brought to together. */
  readonly features: number;
  /** Width of the head's hidden layer. */
  readonly hidden: number;
  /** Of the hidden layer: from 0, below 1. */
  readonly dropout: number;
}

/** Slices of an example. */
const SLICES = 3;

/** By quarters in the plane, and over or not: the other turns of a cube would mix pixels with slices. */
const turns: readonly string[] = ['', ' and over'].flatMap((over) => quarterNames.map((turn) => turn + over));

/** What an example says where its stack is too thin. */
const TOO_THIN = -1;

/** Turned pixel → pixel of a slice: turned in the plane, then by 180° about the row axis, which mirrors the rows. */
export function stackTurn(turn: number, size: number): Affine {
  const inPlane = quarterTurn(turn % quarterNames.length, size);
  return turn < quarterNames.length ? inPlane : composeAffine(inPlane, [1, 0, 0, 0, -1, size - 1]);
}

/** A square at one place of three slices in order, 160 of 224 px, turned. @throws ConfigError where images are too small */
export function turnedStack(grid: Grid): TaskInput {
  const cells = cellsOf('stackRotation', grid, { perSide: 1, crop: 224, tile: 160, apart: 0 });
  const { tile, size } = cells;
  const places = field('slices', { kind: 'value', shape: [SLICES * tile, tile], dtype: 'u32' });
  return {
    ...{ name: 'turned stack', views: SLICES, tables: [places] },
    pick({ sample, among, draw, ...choice }) {
      const stack = among.stackOf(sample);
      const own = stack.findIndex(({ index }) => index === sample.index);
      const thin = stack.length < SLICES;
      const slices = thin
        ? new Array<number>(SLICES).fill(own)
        : someOf([...stack.keys()], SLICES, own, draw);
      const drawn = Math.floor(turns.length * draw());
      const turn = stackTurn(drawn, size);
      // the image whose turn it is comes first among the views, and in its place among the slices
      const order = [own, ...slices.filter((slice) => slice !== own)];
      const views = Array.from({ length: SLICES }, (_, i) => {
        const view = viewOf(choice, stack[order[i] ?? own] ?? sample, i);
        return { ...view, matrix: composeAffine(view.matrix, turn) };
      });
      const table = new Uint32Array(SLICES * tile * tile);
      const [corner] = cornersOf(cells, draw);
      const shown = drawn < quarterNames.length ? slices : [...slices].reverse();
      for (const [at, slice] of shown.entries()) cutTile(table, at, cells, corner!, order.indexOf(slice));
      return { views, drawn: thin ? TOO_THIN : drawn, tables: new Map([[places, table]]) };
    },
    alter: (images, at) => tilesOf(images, at(places)),
  };
}

function thinOf(training: readonly Sample[]): number {
  const among = companionsOf(training);
  return counted(training, (sample) => among.stackOf(sample).length < SLICES);
}

const NOTE = `Of every image and two others of its stack one turn is drawn, which is one of ${turns.length}: by quarters in the plane, and over or not. The trivial answer is the turn most frequent among these images.`;

export const stackRotation = defineTask<StackRotationSettings>({
  name: 'stackRotation',
  title: 'Rotation of a stack',
  about: 'By how many quarters slices of a stack are turned, and whether they are turned over.',
  lossTitle: 'Rotation of a stack, cross entropy',
  settings: {
    features: whole({ from: 1, to: 4096 }),
    hidden: whole({ from: 1, to: 4096 }),
    dropout: number({ from: 0, below: 1 }),
  },
  defaults: { features: 128, hidden: 128, dropout: 0 },
  setup(_facts, { features, ...layers }, grid) {
    const turn = field('turn', { kind: 'value', shape: [1], dtype: 'u32' });
    const sizes = { tiles: 1, slices: SLICES, width: features, ...layers };
    const head = groupedHead('stack_rotation_layers', turns.length, sizes);
    return {
      fields: [turn],
      heads: [head],
      input: turnedStack(grid),
      series: [],
      tells: 'by how many quarters slices of a stack are turned, and whether they are turned over',
      fill({ drawn }, row) {
        if (drawn !== TOO_THIN) row.set(turn, [drawn]);
      },
      loss: (step) => classLoss(step, head, turn),
      judge: () =>
        new TurnJudge({
          ...{ head, turns, note: NOTE },
          result: { key: 'stackRotation.accuracy', title: 'Rotation of a stack, accuracy' },
        }),
      check(training) {
        if (thinOf(training) === training.length)
          throw new ConfigError(
            `Task stackRotation: no training image has a stack of ${SLICES} slices in its phase. Give stacks of more slices, or leave the task out.`,
          );
      },
      notice(training) {
        const thin = thinOf(training);
        return thin === 0
          ? null
          : `Task stackRotation: ${plural(thin, 'image')} of ${training.length} teach nothing, for their stacks have fewer than ${SLICES} slices.`;
      },
    };
  },
});
