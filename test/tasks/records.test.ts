/** @file The records of tasks: their losses against float64, what they write, the heads they need, what they refuse. */
import { describe, expect, it } from 'vitest';
import { unet } from '../../src/backbones/unet.ts';
import { ConfigError } from '../../src/base/errors.ts';
import { drawsOf } from '../../src/base/random.ts';
import { BatchLayout } from '../../src/data/batch.ts';
import type { Field } from '../../src/data/field.ts';
import { oneImage } from '../../src/data/input.ts';
import type { Sample } from '../../src/data/sample.ts';
import type { Line } from '../../src/data/types.ts';
import type { Head } from '../../src/models/heads.ts';
import { tasks } from '../../src/tasks/index.ts';
import { location } from '../../src/tasks/location.ts';
import { orientation } from '../../src/tasks/orientation/index.ts';
import { tensor } from '../../src/tensor/create.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { combined, labelCount } from '../../src/train/losses.ts';
import { type ChosenTask, type PlannedTask, planOf } from '../../src/train/plan.ts';
import { useDevice } from '../device.ts';
import { choiceOf, sampleOf, stepOf } from './samples.ts';

const device = useDevice();
const [batch, side, views, sigma] = [3, 5, 2, 1.3];

function values(count: number, index: number): number[] {
  const next = drawsOf(7, 9, index);
  return Array.from({ length: count }, () => Math.fround(2 * next() - 1));
}

const heatmaps = values(batch * side * side * views, 1);
const locations = values(batch, 2);
const truth = [0, 0.25, 1];
const lines = Array.from({ length: batch * views }, (_, i) =>
  [Math.cos(i), Math.sin(i), -2 * i + 3].map(Math.fround),
);
const lineMask = [1, 1, 0, 1, 1, 0];
const locationMask = [1, 0, 1];

/** Mean squared error to rendered lines over unmasked views, and of unmasked locations, in float64. */
function reference(): { orientation: number; location: number } {
  let [orientation, location] = [0, 0];
  for (let i = 0; i < heatmaps.length; i++) {
    const [n, view, pixel] = [
      Math.floor(i / (side * side * views)),
      i % views,
      Math.floor(i / views) % (side * side),
    ];
    const [a, b, d] = lines[n * views + view]!;
    const distance = a! * (pixel % side) + b! * Math.floor(pixel / side) + d!;
    const error = heatmaps[i]! - Math.exp(-(distance ** 2) / (2 * sigma ** 2));
    orientation += lineMask[n * views + view]! * error ** 2;
  }
  for (let n = 0; n < batch; n++) location += locationMask[n]! * (locations[n]! - truth[n]!) ** 2;
  return { orientation: orientation / (4 * side * side), location: location / 2 };
}

const spacingMm = 2;
const facts = { targetView: 'short-axis', referenceViews: ['2-chamber', '4-chamber'] };
const chosen: Readonly<Record<'orientation' | 'location', ChosenTask>> = {
  orientation: { task: orientation, weight: 2, settings: { sigmaMm: sigma * spacingMm, gain: 0.1 } },
  location: { task: location, weight: 0.5, settings: { hidden: 8, dropout: 0 } },
};
const backbone = unet.build({ width: 2, depth: 2, unusedLayers: false }, 1);
const plan = (...names: readonly ('orientation' | 'location')[]) =>
  planOf(
    backbone,
    names.map((name) => chosen[name]),
    facts,
    { size: side, spacingMm },
  );

/** The task's loss of the values above, in a step that has nothing of other tasks. */
function lossOf({ task, part }: PlannedTask): Tensor {
  const [output, truths, mask, shape] =
    task === orientation
      ? ([heatmaps, lines.flat(), lineMask, [batch, side, side, views]] as const)
      : ([locations, truth, locationMask, [batch, 1]] as const);
  const [head, field] = [part.heads[0]!, part.fields[0]!];
  const on = (values: readonly number[], dims: readonly number[]) => tensor(device(), values, dims);
  return part.loss(
    stepOf(
      new Map<Head, Tensor>([[head, on(output, shape)]]),
      new Map<Field, Tensor>([[field, on(truths, [batch, ...field.shape])]]),
      new Map<Field, Tensor>([[field, on(mask, [batch, field.labels])]]),
    ),
  );
}

/** A batch of one image, labelled by the tasks. */
function labelled(planned: readonly PlannedTask[], sample: Sample) {
  const fields = planned.flatMap(({ part }) => part.fields);
  const made = new BatchLayout({ examples: 1, views: 1, size: side }, fields).batch();
  const example = oneImage.pick(choiceOf({ sample, size: side }));
  for (const { part } of planned) part.fill(example, made.row(0));
  return made;
}

describe('the losses of tasks', () => {
  it('are the mean squared errors of heatmaps and of locations over the labels that exist', async () => {
    const planned = plan('orientation', 'location').tasks;
    const expected = reference();
    const [first, second] = await Promise.all(planned.map((task) => lossOf(task).item()));
    expect(first).toBeCloseTo(expected.orientation, 6);
    expect(second).toBeCloseTo(expected.location, 6);
    expect(combined(planned, expected)).toBeCloseTo(2 * expected.orientation + 0.5 * expected.location, 12);
  });

  it('of one task need its head and its field only, and count alone', async () => {
    for (const name of ['orientation', 'location'] as const) {
      const { tasks: planned, heads, streams } = plan(name);
      const [only] = planned;
      expect(planned).toHaveLength(1);
      expect(heads).toEqual(only!.part.heads);
      expect(heads).toHaveLength(1);
      expect(streams).toEqual([{ input: oneImage, tasks: planned }]);
      expect(await lossOf(only!).item()).toBeCloseTo(reference()[name], 6);
      expect(combined(planned, reference())).toBeCloseTo(chosen[name].weight * reference()[name], 12);
    }
  });

  it('are over the labels that batches count', () => {
    const planned = plan('orientation', 'location').tasks;
    const all = new BatchLayout(
      { examples: batch, views: 1, size: side },
      planned.flatMap(({ part }) => part.fields),
    ).batch();
    for (const [n] of truth.entries()) {
      const row = all.row(n);
      const [line, place] = planned.map(({ part }) => part.fields[0]!);
      for (let view = 0; view < views; view++)
        if (lineMask[n * views + view]) row.set(line!, lines[n * views + view]!, view);
      if (locationMask[n]) row.set(place!, [truth[n]!]);
    }
    expect(planned.map((task) => labelCount(all, task))).toEqual([4, 2]);
  });
});

describe('the record of a task', () => {
  const crossing: Line = [0.6, -0.8, 3];

  it('writes the lines that an image has, and masks those it lacks', () => {
    const { tasks: planned } = plan('orientation');
    const [lineField] = planned[0]!.part.fields;
    const made = labelled(planned, sampleOf({ lines: [null, crossing], location: 0.5 }));
    expect([...made.values(lineField!)]).toEqual([0, 0, 0, ...crossing].map(Math.fround));
    expect([...made.mask(lineField!)]).toEqual([0, 1]);
    expect(lineField).toMatchObject({ kind: 'lines', shape: [2, 3], labels: 2 });
  });

  it('writes the location of an image that has one, and masks it where it has none', () => {
    const { tasks: planned } = plan('location');
    const [place] = planned[0]!.part.fields;
    const [known, unknown] = [0, null].map((at) => labelled(planned, sampleOf({ location: at })));
    expect([[...known!.values(place!)], [...known!.mask(place!)]]).toEqual([[0], [1]]);
    expect([...unknown!.mask(place!)]).toEqual([0]);
    expect(place).toMatchObject({ kind: 'value', shape: [1], labels: 1 });
  });

  it('has heads in the published names, one channel a view and one for the location', () => {
    const heads = plan('orientation', 'location').heads.map(({ path, channels, tap }) => [
      path,
      channels,
      tap,
    ]);
    expect(heads).toEqual([
      ['final', 2, 'pixels'],
      ['global_layers', 1, 'centre'],
    ]);
  });

  it('says what its series are and what the network learns to tell', () => {
    const [line, place] = plan('orientation', 'location').tasks.map(({ part }) => part);
    expect(line!.series).toEqual(['2-chamber', '4-chamber']);
    expect(line!.tells).toBe('where the 2-chamber and 4-chamber planes cut an image');
    expect(place!.series).toEqual([]);
    expect(place!.tells).toBe('how far along its stack a slice lies');
  });

  it('refuses data without its labels, saying what to do', () => {
    const alone = { ...facts, referenceViews: [] };
    const grid = { size: side, spacingMm };
    expect(() => planOf(backbone, [chosen.orientation], alone, grid)).toThrow(ConfigError);
    expect(() => planOf(backbone, [chosen.orientation], alone, grid)).toThrow(
      /Task orientation: .*Map the views/,
    );
    expect(planOf(backbone, [chosen.location], alone, grid).heads).toHaveLength(1);
    const [line, place] = plan('orientation', 'location').tasks.map(({ part }) => part);
    const [none, lineOnly, placeOnly] = [
      sampleOf({ lines: [null, null] }),
      sampleOf({ lines: [null, crossing] }),
      sampleOf({ lines: [null, null], location: 0 }),
    ];
    expect(() => line!.check([none, placeOnly])).toThrow(/Task orientation: no training image has a line/);
    expect(() => place!.check([none, lineOnly])).toThrow(
      /Task location: no training image has a slice location/,
    );
    expect(() => place!.check([none, lineOnly])).toThrow(ConfigError);
    line!.check([none, lineOnly]);
    place!.check([none, placeOnly]);
  });

  it('is listed once under its name, with words for people', () => {
    expect(new Set(tasks.map(({ name }) => name)).size).toBe(tasks.length);
    for (const { title, about, lossTitle } of tasks)
      expect([title, about, lossTitle].every((text) => text.length > 5)).toBe(true);
  });
});
