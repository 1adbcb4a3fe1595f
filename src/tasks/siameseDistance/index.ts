/**
 * @file Siamese distance (Spitzer, Kiwitz, Amunts, Harmeling and Dickscheid, MICCAI 2018): how far apart two tiles lie, and
 * where. Theirs are of one brain's cortex, along its surface; two tiles of a stack in millimetres are our reading.
 */
import * as ops from '../../autograd/ops.ts';
import { ConfigError } from '../../base/errors.ts';
import { hashText } from '../../base/hash.ts';
import { drawsOf } from '../../base/random.ts';
import { applyAffine, composeAffine, identityAffine } from '../../data/affine.ts';
import { companionsOf, haveStacks } from '../../data/companions.ts';
import { field } from '../../data/field.ts';
import { pixelToWorld } from '../../data/geometry.ts';
import { type Choice, drawnOf, type View, viewOf } from '../../data/input.ts';
import { evenly } from '../../data/lists.ts';
import type { Sample } from '../../data/sample.ts';
import { length, subtract } from '../../data/vector.ts';
import { stackEnds } from '../../data/viewnames.ts';
import { pooledHead } from '../../models/heads.ts';
import { tensor } from '../../tensor/create.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { anatomicalLine } from '../anatomicalPosition/boxes.ts';
import { least0, number, positive, whole } from '../settings.ts';
import { defineTask, type Grid, type TaskInput } from '../task.ts';
import { DistanceJudge, signOf, type Truth } from './judge.ts';

export interface SiameseDistanceSettings {
  /** Side of a tile, as a share of the image's. */
  readonly tile: number;
  /** Of the pairs, those in one slice. */
  readonly sameSlice: number;
  /** What distances are divided by, mm. */
  readonly unitMm: number;
  /** Numbers by which tiles are compared. */
  readonly features: number;
  /** Of the tiles' places beside their distance. */
  readonly placeWeight: number;
  /** Width of both heads' hidden layers. */
  readonly hidden: number;
}

type Corner = readonly [x: number, y: number];

/** Corners of two tiles, 0 … 1 − tile of an image's side; `apart`: that do not overlap, beside or above each other. */
function cornersOf(draw: () => number, tile: number, apart: boolean): readonly [Corner, Corner] {
  const anywhere = (): [number, number] => [draw() * (1 - tile), draw() * (1 - tile)];
  if (!apart) return [anywhere(), anywhere()];
  const along = (1 - 2 * tile) * draw();
  const other = (1 - 2 * tile) * draw();
  const ends = [Math.min(along, other), Math.max(along, other) + tile] as const;
  const [first, second] = draw() < 0.5 ? ends : ([ends[1], ends[0]] as const);
  const [beside, across] = anywhere();
  return draw() < 0.5
    ? [
        [first, beside],
        [second, across],
      ]
    : [
        [beside, first],
        [across, second],
      ];
}

/** Each image in itself has mean 0 and deviation 1: [N, size, size, 1], of one shade 0. */
function normalised(images: Tensor): Tensor {
  const over = { axes: [1, 2], keepDims: true } as const;
  const centred = ops.subtract(images, ops.mean(images, over));
  const variance = ops.mean(ops.square(centred), over);
  return ops.multiply(centred, ops.rsqrt(ops.affine(variance, 1, 1e-6)));
}

/**
 * Two tiles of a stack in one phase, magnified to the image's size: one of the image whose turn it is, the other of another
 * slice or, in `sameSlice` of the pairs, beside it. Drawn is 1, and 0 for an image without other slices, which has no pair.
 */
export const twoTiles = ({
  tile,
  sameSlice,
}: Pick<SiameseDistanceSettings, 'tile' | 'sameSlice'>): TaskInput => ({
  name: 'two tiles',
  views: 2,
  pick({ sample, among, change, appearanceOf, size, draw }) {
    const others = among.stackOf(sample).filter(({ index }) => index !== sample.index);
    const isSame = draw() < sameSlice;
    const other = isSame || others.length === 0 ? sample : drawnOf(others, draw);
    const corners = cornersOf(draw, tile, other === sample);
    const views = [sample, other].map((one, view): View => {
      const own = viewOf({ change, appearanceOf }, one, view);
      // pixel centres at integers: the tile's outer edges come to lie where the image's are
      const [x, y] = corners[view]!.map((corner) => corner * size + (tile - 1) / 2) as [number, number];
      return { ...own, matrix: composeAffine(own.matrix, [tile, 0, x, 0, tile, y]) };
    });
    return { views, drawn: Number(others.length > 0) };
  },
  alter: normalised,
});

type Tile = Pick<View, 'sample' | 'matrix'>;

/** What is true of two tiles, mm: their middles' distance, and of each its signed distances from lines, and its slice's place. */
function truthOf(tiles: readonly Tile[], { size, spacingMm }: Grid, views: number): Truth {
  const middles = tiles.map(({ matrix }) => applyAffine(matrix, (size - 1) / 2, (size - 1) / 2));
  const [one, other] = tiles.map(({ sample }, i) => pixelToWorld(sample.plane, ...middles[i]!));
  const places = tiles.map(({ sample: { lines, location, plane } }, i) => {
    const [x, y] = middles[i]!;
    const signed = Array.from({ length: views }, (_, view) => {
      const [a, b, d] = lines[view] ? anatomicalLine(lines[view], plane) : [];
      return a === undefined ? null : (a * x + b! * y + d!) * spacingMm;
    });
    return [...signed, location];
  });
  return { distanceMm: length(subtract(one!, other!)), places };
}

/** Of how many training images a pair is drawn to know what is usual. */
const MOST_DRAWN = 256;

function usualTruths(
  training: readonly Sample[],
  grid: Grid,
  views: number,
  settings: SiameseDistanceSettings,
): Truth[] {
  const among = companionsOf(training);
  const input = twoTiles(settings);
  const still: Pick<Choice, 'change' | 'size' | 'among'> = {
    ...{ among, size: grid.size, change: { matrix: identityAffine, gain: 1, offset: 0 } },
  };
  return evenly(training, MOST_DRAWN).flatMap((sample) => {
    const draw = drawsOf(0, hashText(input.name), sample.index);
    const { views: tiles, drawn } = input.pick({ ...still, sample, draw });
    return drawn ? [truthOf(tiles, grid, views)] : [];
  });
}

/** Distances [N, 1] in units, of features [2·N, F]: softplus of the sum of their differences, half of which count against. */
export function distancesOf(features: Tensor): Tensor {
  const channels = features.shape[1]!;
  const [one, other] = ops.split(ops.reshape(features, [-1, 2, channels]), 1, 1);
  const signs = Array.from({ length: channels }, (_, i) => signOf(i, channels));
  const weighted = ops.multiply(
    ops.abs(ops.subtract(one!, other!)),
    tensor(features.device, signs, [1, 1, channels]),
  );
  return ops.softplus(ops.sum(weighted, { axes: [2] }));
}

export const siameseDistance = defineTask<SiameseDistanceSettings>({
  name: 'siameseDistance',
  title: 'Siamese distance',
  about: 'How far apart two tiles of a stack lie, and where each lies in the heart.',
  lossTitle: 'Distance and places of tiles, smooth L1',
  settings: {
    ...{ tile: number({ above: 0, to: 0.5 }), sameSlice: number({ from: 0, to: 0.5 }), unitMm: positive },
    ...{ features: whole({ from: 2, to: 4096 }), placeWeight: least0, hidden: whole({ from: 1, to: 4096 }) },
  },
  defaults: { tile: 0.43, sameSlice: 0.25, unitMm: 50, features: 32, placeWeight: 1, hidden: 128 },
  setup({ targetView, referenceViews }, settings, grid) {
    const { unitMm, features, placeWeight, hidden } = settings;
    const views = referenceViews.slice(0, 2);
    const width = views.length + 1;
    const distance = field('distance', { kind: 'placed', shape: [1] });
    const places = field('places', { kind: 'placed', shape: [2, width], labels: 2 * width });
    const far = pooledHead('distance_layers', features, { hidden, dropout: 0 });
    const place = pooledHead('place_layers', width, { hidden, dropout: 0 });
    return {
      fields: [distance, places],
      heads: [far, place],
      input: twoTiles(settings),
      series: ['first tile', 'second tile'],
      tells: 'how far apart two tiles of a stack lie, and where',
      fill({ views: tiles, drawn }, row) {
        if (!drawn) return;
        const truth = truthOf(tiles, grid, views.length);
        row.set(distance, [truth.distanceMm / unitMm]);
        for (const [i, value] of truth.places.flat().entries())
          if (value !== null) row.set(places, [i % width < views.length ? value / unitMm : value], i);
      },
      loss(step) {
        const apart = ops.smoothL1(distancesOf(step.out(far)), step.at(distance), {
          mask: step.mask(distance),
        });
        const said = step.out(place);
        const [truth, mask] = [step.at(places), step.mask(places)].map((x) => ops.reshape(x, said.shape));
        return ops.add(apart, ops.affine(ops.smoothL1(said, truth!, { mask }), placeWeight));
      },
      judge: (training) =>
        new DistanceJudge({
          ...{ far, place, unitMm, size: grid.size, views, ends: stackEnds(targetView) },
          usual: usualTruths(training, grid, views.length, settings),
          truthOf: (tiles) => truthOf(tiles, grid, views.length),
        }),
      check(training) {
        if (haveStacks(training)) return;
        throw new ConfigError(
          'Task siameseDistance: no training image has another slice in its stack and phase. Map the views, or leave the task out.',
        );
      },
    };
  },
});
