/** @file The loss of segmentation against float64: its parts, unknown pixels and images, class weights; what it refuses. */
import { describe, expect, it } from 'vitest';
import { BatchLayout } from '../../../src/data/batch.ts';
import { oneImage } from '../../../src/data/input.ts';
import type { Sample } from '../../../src/data/sample.ts';
import { UNKNOWN } from '../../../src/data/types.ts';
import { type SegmentationSettings, segmentation } from '../../../src/tasks/segmentation/index.ts';
import type { Part } from '../../../src/tasks/task.ts';
import { filled, tensor } from '../../../src/tensor/create.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { checkOp, type Host, random } from '../../check.ts';
import { useDevice } from '../../device.ts';
import { hasHalf } from '../../half.ts';
import { choiceOf, sampleOf, stepOf } from '../samples.ts';

const device = useDevice();
const [size, classes, images] = [5, 3, 3];
const area = size * size;
const names = ['background', 'wall', 'cavity'];
const facts = { targetView: 'short-axis', referenceViews: [], classes: names };

function partOf(settings: Partial<SegmentationSettings> = {}): Part {
  const defaults = segmentation.defaults as SegmentationSettings;
  return segmentation.setup(facts, { ...defaults, ...settings }, { size, spacingMm: 2 });
}

/** Class numbers with unknown ones among them; nothing is known of the last image. */
const labels = Array.from({ length: images * area }, (_, i) => (i % 7 === 3 ? UNKNOWN : (i * i + 2 * i) % 3));
const flags = [1, 1, 0];
const counts = (i: number) => labels[i] !== UNKNOWN && flags[Math.floor(i / area)] === 1;

interface Weights {
  readonly crossEntropy: number;
  readonly dice: number;
  readonly classes: readonly number[];
}

/** Both parts in float64 with plain loops. */
function reference(logits: Host, { crossEntropy, dice, classes: each }: Weights): Host {
  let [entropy, total] = [0, 0];
  const sums = names.map(() => ({ both: 0, p: 0, t: 0 }));
  for (let i = 0; i < labels.length; i++) {
    if (!counts(i)) continue;
    const powers = [0, 1, 2].map((k) => Math.exp(logits.data[i * classes + k]!));
    const p = powers.map((power) => power / powers.reduce((a, b) => a + b));
    entropy -= each[labels[i]!]! * Math.log(p[labels[i]!]!);
    total += each[labels[i]!]!;
    for (const [k, sum] of sums.entries()) {
      sum.p += p[k]!;
      sum.t += Number(labels[i] === k);
      sum.both += labels[i] === k ? p[k]! : 0;
    }
  }
  const scores = sums.slice(1).map(({ both, p, t }) => (2 * both + 1) / (p + t + 1));
  const loss = (crossEntropy * entropy) / total + dice * (1 - (scores[0]! + scores[1]!) / 2);
  return { shape: [], data: Float64Array.of(loss) };
}

function lossOf(part: Part, logits: Tensor, own: readonly number[] = labels, known = flags): Tensor {
  const [head, field] = [part.heads[0]!, part.fields[0]!];
  const truth = tensor(device(), own, [images, size, size], 'u32');
  const mask = tensor(device(), known, [images, 1]);
  return part.loss(stepOf(new Map([[head, logits]]), new Map([[field, truth]]), new Map([[field, mask]])));
}

const shape = [images, size, size, classes];
const alike = [1, 1, 1];

/** An image with this mask. */
const masked = (mask: readonly number[] | null): Sample =>
  sampleOf({ mask: () => mask && Uint8Array.from(mask), pixels: () => new Float32Array(area) });

describe('the loss of segmentation', () => {
  it('is cross entropy plus soft Dice without the background, over what is known; gradient too', async () => {
    const part = partOf();
    await checkOp(device(), {
      inputs: [random(shape, 5, -2, 2)],
      forward: (logits) => lossOf(part, logits),
      reference: (logits) => reference(logits, { crossEntropy: 1, dice: 1, classes: alike }),
      reduction: images * area,
    });
  });

  it('is ln 3 at chance without its Dice', async () => {
    const logits = tensor(device(), new Float32Array(images * area * classes), shape);
    expect(await lossOf(partOf({ dice: 0 }), logits).item()).toBeCloseTo(Math.log(3), 5);
  });

  it('weighs its parts and its classes, and leaves out a part of weight 0', async () => {
    const given = [0.2, 3, 1.5];
    for (const [crossEntropy, dice, classWeights] of [
      [0.5, 2, given],
      [0, 3, 'equal'],
      [2, 0, given],
    ] as const) {
      const part = partOf({ crossEntropy, dice, classWeights });
      const weights = typeof classWeights === 'string' ? alike : classWeights;
      await checkOp(device(), {
        inputs: [random(shape, 6, -2, 2)],
        forward: (logits) => lossOf(part, logits),
        reference: (logits) => reference(logits, { crossEntropy, dice, classes: weights }),
        reduction: images * area,
      });
    }
  });

  it('balances classes by how rare they are in the training masks', async () => {
    const part = partOf({ classWeights: 'balanced', dice: 0 });
    const logits = random(shape, 7, -2, 2);
    const on = tensor(device(), logits.data, shape);
    expect(() => lossOf(part, on)).toThrow(/Call check\(training\) before loss/);
    part.check([masked([0, 0, 0, 0, 0, 0, 1, 2, 2, UNKNOWN]), masked(null)]);
    const weights = [9 / 18, 9 / 3, 9 / 6];
    const expected = reference(logits, { crossEntropy: 1, dice: 0, classes: weights });
    expect(await lossOf(part, on).item()).toBeCloseTo(expected.data[0]!, 5);
    // a class that is nowhere weighs nothing
    part.check([masked([0, 0, 2, 2])]);
    expect(
      await lossOf(part, on, [...new Array(area).fill(1), ...labels.slice(area)], [1, 0, 0]).item(),
    ).toBe(0);
  });

  it('is 0 where nothing is known, and so is its gradient', async () => {
    const part = partOf();
    const nothing = [
      [labels, [0, 0, 0]],
      [labels.map(() => UNKNOWN), [1, 1, 1]],
    ] as const;
    for (const [own, known] of nothing) {
      const zero = (logits: Host): Host => ({ shape: [], data: Float64Array.of(0 * logits.data[0]!) });
      await checkOp(device(), {
        inputs: [random(shape, 8)],
        forward: (logits) => lossOf(part, logits, own, [...known]),
        reference: zero,
      });
    }
  });

  it(`takes logits in f16, for mixed precision${hasHalf ? '' : ', where the device has it'}`, async () => {
    const logits = random(shape, 9, -2, 2);
    const inHalf = () => lossOf(partOf(), tensor(device(), logits.data, shape, 'f16'));
    if (!hasHalf) return expect(inHalf).toThrow(/f16/);
    const expected = reference(logits, { crossEntropy: 1, dice: 1, classes: alike }).data[0]!;
    expect(await inHalf().item()).toBeCloseTo(expected, 2);
  });

  it('says so where a label is no class', async () => {
    const loss = lossOf(
      partOf(),
      filled(device(), 0, shape),
      labels.map((v) => (v === 2 ? 7 : v)),
    );
    await expect(loss.item()).rejects.toThrow(/labels hold 7, but there are 3 classes/);
  });
});

describe('the record of segmentation', () => {
  it('writes the masks that images have, and leaves out images of which nothing is known', () => {
    const part = partOf();
    const [mask] = part.fields;
    expect(mask).toMatchObject({ kind: 'mask', shape: [size, size], dtype: 'u32', labels: 1 });
    const batch = new BatchLayout({ examples: 3, views: 1, size }, part.fields).batch();
    const own = labels.slice(0, area);
    for (const [row, values] of [own, null, own.map(() => UNKNOWN)].entries()) {
      const choice = choiceOf({ sample: masked(values), size });
      part.fill(oneImage.pick(choice), batch.row(row));
    }
    expect([...batch.values(mask!).subarray(0, area)]).toEqual(own);
    expect([...batch.mask(mask!)]).toEqual([1, 0, 0]);
  });

  it('has one channel a class, and series of what is no background', () => {
    const part = partOf();
    expect(part.heads.map(({ path, tap, channels }) => [path, tap, channels])).toEqual([
      ['final', 'pixels', 3],
    ]);
    expect(part.series).toEqual(['wall', 'cavity']);
    expect(part.tells).toBe('where wall and cavity lie in an image');
  });

  it('refuses data without masks, settings that leave no loss, and weights of another number', () => {
    const grid = { size, spacingMm: 2 };
    for (const without of [undefined, [], ['background']])
      expect(() => segmentation.setup({ ...facts, classes: without }, segmentation.defaults, grid)).toThrow(
        /Task segmentation: the data have no masks/,
      );
    const many = Array.from({ length: 256 }, (_, i) => `class ${i}`);
    expect(() => segmentation.setup({ ...facts, classes: many }, segmentation.defaults, grid)).toThrow(
      /256 classes are more than the 255 of a mask/,
    );
    expect(() => partOf({ crossEntropy: 0, dice: 0 })).toThrow(/crossEntropy and dice are both 0/);
    expect(() => partOf({ classWeights: [1, 2] })).toThrow(/classWeights are 2, but there are 3 classes/);
    const part = partOf();
    const bare = [masked(null), masked(labels.map(() => UNKNOWN))];
    expect(() => part.check(bare)).toThrow(/no training image has a mask/);
    part.check([...bare, masked([UNKNOWN, 1])]);
  });
});
