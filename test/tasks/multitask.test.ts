import { describe, expect, it } from 'vitest';
import { drawsOf } from '../../src/base/random.ts';
import { Multitask } from '../../src/tasks/multitask.ts';
import type { TaskName } from '../../src/tasks/task.ts';
import { tensor } from '../../src/tensor/create.ts';
import { useDevice } from '../device.ts';

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
function reference(): Record<TaskName, number> {
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

function tensors() {
  return {
    outputs: {
      heatmaps: tensor(device(), heatmaps, [batch, side, side, views]),
      location: tensor(device(), locations, [batch, 1]),
    },
    labels: {
      lines: tensor(device(), lines.flat(), [batch, views, 3]),
      lineMask: tensor(device(), lineMask, [batch, views]),
      locations: tensor(device(), truth, [batch, 1]),
      locationMask: tensor(device(), locationMask, [batch, 1]),
    },
  };
}

describe('multitask', () => {
  it('is alpha times the orientation loss plus beta times the location loss', async () => {
    const task = new Multitask({ tasks: ['orientation', 'location'], alpha: 2, beta: 0.5 });
    const { outputs, labels } = tensors();
    const { loss, terms } = task.loss(outputs, labels, { sigma });
    const expected = reference();
    expect(await terms.orientation!.item()).toBeCloseTo(expected.orientation, 6);
    expect(await terms.location!.item()).toBeCloseTo(expected.location, 6);
    expect(await loss.item()).toBeCloseTo(2 * expected.orientation + 0.5 * expected.location, 6);
    expect(task.combine(expected)).toBeCloseTo(2 * expected.orientation + 0.5 * expected.location, 12);
  });

  it('of one task needs the head of that task only', async () => {
    const { outputs, labels } = tensors();
    const task = new Multitask({ tasks: ['location'], alpha: 1, beta: 1 });
    const { loss, terms } = task.loss({ ...outputs, heatmaps: null }, labels, { sigma });
    expect(await loss.item()).toBeCloseTo(reference().location, 6);
    expect(Object.keys(terms)).toEqual(['location']);
    expect(() => task.loss({ heatmaps: null, location: null }, labels, { sigma })).toThrow(/location head/);
  });

  it('counts the labels that its means are over', () => {
    const [orientation, location] = new Multitask({ tasks: ['orientation', 'location'], alpha: 1, beta: 1 })
      .parts;
    const masks = { lineMask: Float32Array.from(lineMask), locationMask: Float32Array.from(locationMask) };
    expect(orientation!.task.labelCount(masks)).toBe(4);
    expect(location!.task.labelCount(masks)).toBe(2);
  });
});
