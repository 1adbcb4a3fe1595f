/** @file Batches that follow from (seed, step) alone, splits, and augmentations that move pixels and lines together. */

import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/base/errors.ts';
import { philox } from '../../src/base/random.ts';
import { applyAffine, normalizeLine } from '../../src/data/affine.ts';
import { augmentLine, drawAugmentation } from '../../src/data/augmentation.ts';
import { field } from '../../src/data/field.ts';
import { prepare } from '../../src/data/prepare.ts';
import { samplesOf } from '../../src/data/sample.ts';
import { createSampler, type Labeller } from '../../src/data/sampler.ts';
import { imagesOf, inOrder, splitSubjects, subjectsOf } from '../../src/data/split.ts';
import type { PreparedData } from '../../src/data/types.ts';
import { dsbccSubject } from './studies.ts';

let data: PreparedData;
const subjects = ['1', '2', '3', '4', '5'];
beforeAll(async () => {
  const files = subjects.flatMap((id) => dsbccSubject(id, id === '5' ? 1 : 3));
  data = await prepare(
    files.filter((f) => !f.path.startsWith('4/study/2ch')),
    { size: 16, spacingMm: 4 },
  );
});

/** The two labels of prepared images, as tasks write them. */
const lines = field('lines', { kind: 'lines', shape: [2, 3], labels: 2 });
const locations = field('locations', { kind: 'value', shape: [1] });
const planes: Labeller = {
  fields: [lines],
  fill({ views: [first] }, row) {
    for (const [view, line] of first!.sample.lines.entries()) if (line) row.set(lines, line, view);
  },
};
const places: Labeller = {
  fields: [locations],
  fill({ views: [first] }, row) {
    if (first!.sample.location !== null) row.set(locations, [first!.sample.location]);
  },
};

describe('philox', () => {
  test('gives the known answers of Random123', () => {
    const hex = (words: readonly number[]) => words.map((w) => w.toString(16).padStart(8, '0')).join(' ');
    const ones = 0xffffffff;
    expect(hex(philox([0, 0, 0, 0], [0, 0]))).toBe('6627e8d5 e169c58d bc57ac4c 9b00dbd8');
    expect(hex(philox([ones, ones, ones, ones], [ones, ones]))).toBe('408f276d 41c83b0e a20bc7c6 6d5451fd');
    expect(hex(philox([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0]))).toBe(
      'd16cfe09 94fdcceb 5001e420 24126ea1',
    );
  });
});

describe('a sampler', () => {
  const augmentation = {
    rotationDeg: 15,
    scale: [0.9, 1.1],
    shiftPx: 4,
    flipX: true,
    gain: [0.8, 1.2],
  } as const;

  test('gives the same batch for a step in whatever order steps are asked', () => {
    const forward = createSampler(data, { batch: 3, seed: 5, augmentation });
    const batches = Array.from({ length: 9 }, (_, step) => forward.batch(step));
    const resumed = createSampler(data, { batch: 3, seed: 5, augmentation });
    for (const step of [8, 0, 5, 3]) expect(resumed.batch(step)).toEqual(batches[step]);
    const other = createSampler(data, { batch: 3, seed: 6, augmentation });
    expect(Array.from({ length: 9 }, (_, step) => other.batch(step))).not.toEqual(batches);
  });

  test('draws each subject once an epoch, other images in other epochs, over batches that straddle epochs', () => {
    const sampler = createSampler(data, { batch: 3, seed: 1 });
    expect([sampler.epochSize, sampler.stepsPerEpoch]).toEqual([5, 2]);
    const stream = Array.from({ length: 40 }, (_, step) => [...sampler.batch(step).indices]).flat();
    for (let epoch = 0; epoch < 24; epoch++) {
      const picks = stream.slice(epoch * 5, epoch * 5 + 5);
      expect(picks).toEqual([...sampler.epochIndices(epoch)]);
      expect(picks.map((i) => data.manifest.images[i]!.subject).sort()).toEqual(subjects);
    }
    expect(new Set(stream).size).toBe(data.manifest.images.length);
    expect([0, 1, 2, 4].map((step) => sampler.epochOf(step))).toEqual([0, 0, 1, 2]);
  });

  test('goes through all images, shuffled anew each epoch, or in order with the last batch filled up', () => {
    const count = data.manifest.images.length;
    const all = Array.from({ length: count }, (_, i) => i);
    const shuffled = createSampler(data, { batch: 4, epoch: 'all' });
    const [first, second] = [[...shuffled.epochIndices(0)], [...shuffled.epochIndices(1)]];
    expect(first).not.toEqual(second);
    for (const order of [first, second]) expect(order.toSorted((a, b) => a - b)).toEqual(all);
    const sequential = createSampler(data, { batch: 4, epoch: 'sequential' });
    const batches = Array.from({ length: sequential.stepsPerEpoch }, (_, step) => sequential.batch(step));
    expect(batches.flatMap((b) => [...b.indices.subarray(0, b.count)])).toEqual(all);
    expect(batches.at(-1)!.indices).toHaveLength(4);
  });

  test('lays out pixels, matrices and what labellers write by image, with masks of what they wrote', () => {
    const sampler = createSampler(data, { batch: 5, epoch: 'sequential', labellers: [places, planes] });
    for (let step = 0; step < sampler.stepsPerEpoch; step++) {
      const batch = sampler.batch(step);
      const [stored, known] = [batch.values(lines), batch.mask(lines)];
      for (const [row, index] of batch.indices.entries()) {
        const image = data.manifest.images[index]!;
        const is = row < batch.count;
        expect(batch.images.subarray(row * 256, row * 256 + 256)).toEqual(
          data.pixels.subarray(index * 256, index * 256 + 256),
        );
        for (const [view, line] of image.lines.entries()) {
          const at = (row * 2 + view) * 3;
          expect(stored.subarray(at, at + 3)).toEqual(Float32Array.from(line ?? [0, 0, 0]));
          expect(known[row * 2 + view]).toBe(is && line ? 1 : 0);
        }
        expect([batch.values(locations)[row], batch.mask(locations)[row]]).toEqual(
          image.location === null ? [0, 0] : [Math.fround(image.location), is ? 1 : 0],
        );
        expect([...batch.matrices.subarray(row * 6, row * 6 + 6)]).toEqual([1, 0, 0, 0, 1, 0]);
        expect([...batch.gainOffset.subarray(row * 2, row * 2 + 2)]).toEqual([1, 0]);
      }
    }
    const masks = data.manifest.images.map((i) => [i.subject, i.lines[0] === null, i.location === null]);
    expect(masks).toContainEqual(['4', true, false]);
    expect(masks).toContainEqual(['5', false, true]);
  });

  test('masks the rows that fill up the last batch of a sequential pass, and counts labels without them', () => {
    const count = data.manifest.images.length;
    const sampler = createSampler(data, {
      batch: count - 1,
      epoch: 'sequential',
      labellers: [planes, places],
    });
    const [whole, rest] = [sampler.batch(0), sampler.batch(1)];
    expect([whole.count, rest.count]).toEqual([count - 1, 1]);
    const last = data.manifest.images.at(-1)!;
    const known = last.lines.filter((line) => line !== null).length;
    expect(known).toBeGreaterThan(0);
    expect(rest.indices).toEqual(new Int32Array(count - 1).fill(count - 1));
    expect(rest.labelCount([lines])).toBe(known);
    expect(rest.mask(lines).subarray(2)).toEqual(new Float32Array(2 * (count - 2)));
    expect(rest.mask(locations).subarray(1)).toEqual(new Float32Array(count - 2));
    const all = data.manifest.images.flatMap((image) => image.lines).filter((line) => line !== null).length;
    expect(whole.labelCount([lines]) + rest.labelCount([lines])).toBe(all);
    expect(whole.labelCount([lines, locations])).toBe(
      whole.labelCount([lines]) + whole.labelCount([locations]),
    );
    // an endless pass has no such rows
    const endless = createSampler(data, { batch: 2 * count, epoch: 'all', labellers: [planes] }).batch(0);
    expect([endless.count, endless.labelCount([lines])]).toEqual([2 * count, 2 * all]);
  });

  test('goes through the images given in their order, or draws from them alone', () => {
    const images = [4, 1, 6];
    const sequential = createSampler(data, { batch: 2, epoch: 'sequential', images, labellers: [places] });
    const batches = [sequential.batch(0), sequential.batch(1)];
    expect(batches.map(({ indices, count }) => [[...indices], count])).toEqual([
      [[4, 1], 2],
      [[6, 6], 1],
    ]);
    const { size } = data.manifest;
    expect(batches[1]!.images.subarray(0, size ** 2)).toEqual(samplesOf(data)[6]!.pixels());
    const drawn = createSampler(data, { batch: 3, epoch: 'all', images });
    expect([...drawn.epochIndices(7)].toSorted()).toEqual([1, 4, 6]);
    const { subject } = data.manifest.images[4]!;
    const both = createSampler(data, { batch: 1, epoch: 'sequential', images, subjects: [subject] });
    expect([...both.epochIndices(0)]).toEqual(
      images.filter((i) => data.manifest.images[i]!.subject === subject),
    );
    for (const stray of [-1, 1.5, data.manifest.images.length])
      expect(() => createSampler(data, { batch: 1, images: [0, stray] })).toThrow(`Image ${stray} is none`);
    expect(() => createSampler(data, { batch: 1, images: [] })).toThrow('no images');
  });

  test('draws only from the subjects given, and refuses none or a batch of nothing', () => {
    const sampler = createSampler(data, { batch: 2, subjects: ['3'], epoch: 'all' });
    const drawn = [...sampler.epochIndices(0)].map((i) => data.manifest.images[i]!.subject);
    expect(new Set(drawn)).toEqual(new Set(['3']));
    expect(() => createSampler(data, { batch: 2, subjects: ['x'] })).toThrow(ConfigError);
    expect(() => createSampler(data, { batch: 0 })).toThrow(/Batch size 0/);
  });
});

describe('splitSubjects', () => {
  test('divides all subjects without overlap, the same for a seed however they are listed', () => {
    const ids = Array.from({ length: 50 }, (_, i) => `s${i}`);
    const split = splitSubjects(ids, { seed: 3, validation: 0.2, test: 0.1 });
    expect([split.train.length, split.validation.length, split.test.length]).toEqual([35, 10, 5]);
    expect([...split.train, ...split.validation, ...split.test].sort()).toEqual(ids.sort());
    expect(splitSubjects(ids.toReversed(), { seed: 3, validation: 0.2, test: 0.1 })).toEqual(split);
    expect(splitSubjects(ids, { seed: 4, validation: 0.2, test: 0.1 })).not.toEqual(split);
    expect(splitSubjects(subjectsOf(data), { validation: 0 }).train).toEqual(subjects);
  });

  test('gives each part sorted, and the images of its subjects', () => {
    const ids = Array.from({ length: 20 }, (_, i) => `s${i + 10}`);
    const split = splitSubjects(ids, { seed: 3, validation: 0.4, test: 0.4 });
    for (const part of [split.train, split.validation, split.test]) expect(part).toEqual(part.toSorted());
    const images = imagesOf(data, ['4', '2']);
    const all = data.manifest.images.map(({ subject }, index) => ({ subject, index }));
    const own = all.filter(({ subject }) => subject === '2' || subject === '4');
    expect(images).toEqual(own.map(({ index }) => index));
  });

  test('draws in the order of the names that pseudonyms stand for', () => {
    const names = ['d', 'a', 'c', 'b'];
    expect(inOrder(['a', 'b', 'c', 'b', 'e', 'd', '0'], names)).toEqual([...names, '0', 'e']);
    expect(inOrder(['b', 'c', 'a', 'b'])).toEqual(['a', 'b', 'c']);
    // whoever stands for whom, the same people test
    const [plain, hidden] = [
      ['a', 'b', 'c', 'd', 'e'],
      ['z', 'm', 'q', 'b', 'k'],
    ];
    const fractions = { seed: 1, validation: 0.2, test: 0.4 };
    const split = splitSubjects(plain, fractions);
    const same = splitSubjects(hidden, { ...fractions, order: hidden });
    expect(same.test).toEqual(split.test.map((name) => hidden[plain.indexOf(name)]).sort());
  });

  test('refuses fractions that leave nothing to train on', () => {
    expect(() => splitSubjects(['a', 'b'], { validation: 0.45, test: 0.45 })).toThrow(
      /^2 subjects leave none for training/,
    );
    expect(() => splitSubjects(['a', 'b'], { validation: 0.6, test: 0.6 })).toThrow(
      /must be ≥ 0 and sum below 1/,
    );
    expect(() => splitSubjects(['a', 'b'], { validation: 0.5, test: 0.5 })).toThrow(
      /must be ≥ 0 and sum below 1/,
    );
    expect(() => splitSubjects(['a', 'b'], { validation: 0.9 })).toThrow(/leave none for training/);
    expect(() => splitSubjects(['a', 'b'], { validation: 0.6, test: 0.5 })).toThrow(ConfigError);
    expect(() => splitSubjects(['a'], { validation: Number.NaN })).toThrow(ConfigError);
    const ten = Array.from({ length: 10 }, (_, i) => `s${i}`);
    expect(() => splitSubjects(ten, { validation: -0.2, test: 0.3 })).toThrow(/must be ≥ 0/);
    expect(() => splitSubjects(ten, { validation: 0.3, test: -0.2 })).toThrow(/must be ≥ 0/);
  });
});

describe('an augmentation', () => {
  const options = {
    rotationDeg: 30,
    scale: [0.8, 1.25],
    shiftPx: 5,
    flipX: true,
    flipY: true,
    offset: 0.3,
  } as const;

  test('moves a line with the pixels it lies on', () => {
    fc.assert(
      fc.property(
        fc.nat(1e6),
        fc.double({ min: 0, max: 6.3, noNaN: true }),
        fc.integer({ min: -40, max: 40 }),
        (counter, angle, t) => {
          const { matrix } = drawAugmentation(9, counter, options, 65);
          const line = normalizeLine(Math.cos(angle), Math.sin(angle), -20);
          const moved = augmentLine(line, matrix);
          const [ox, oy] = [-moved[0] * moved[2] - moved[1] * t, -moved[1] * moved[2] + moved[0] * t];
          const [x, y] = applyAffine(matrix, ox, oy);
          expect(Math.abs(line[0] * x + line[1] * y + line[2])).toBeLessThan(1e-9);
        },
      ),
    );
  });

  test('stays within its ranges, reaches both flips and turns about the centre', () => {
    const draws = Array.from({ length: 400 }, (_, i) => drawAugmentation(1, i, options, 65));
    const scales = draws.map(({ matrix: m }) => 1 / Math.hypot(m[0], m[3]));
    const turns = draws.map(
      ({ matrix: m }) => (Math.asin(Math.abs(m[3]) / Math.hypot(m[0], m[3])) * 180) / Math.PI,
    );
    expect([Math.min(...scales) > 0.8, Math.max(...scales) < 1.25, Math.max(...scales) > 1.2]).toEqual([
      true,
      true,
      true,
    ]);
    expect([Math.max(...turns) <= 30, Math.max(...turns) > 28]).toEqual([true, true]);
    expect(new Set(draws.map(({ matrix: m }) => Math.sign(m[0] * m[4] - m[1] * m[3])))).toEqual(
      new Set([1, -1]),
    );
    for (const { matrix, gain, offset } of draws) {
      const [x, y] = applyAffine(matrix, 32, 32);
      expect(Math.max(Math.abs(x - 32), Math.abs(y - 32))).toBeLessThanOrEqual(5);
      expect([gain, Math.abs(offset) <= 0.3]).toEqual([1, true]);
    }
  });

  test('with no options is the identity, and one option does not change the draws of another', () => {
    const { matrix, gain, offset } = drawAugmentation(2, 7, {}, 64);
    [1, 0, 0, 0, 1, 0].forEach((v, i) => {
      expect(matrix[i]).toBeCloseTo(v, 12);
    });
    expect([gain, offset]).toEqual([1, 0]);
    const shifted = drawAugmentation(2, 7, { shiftPx: 3 }, 64).matrix;
    const both = drawAugmentation(2, 7, { shiftPx: 3, rotationDeg: 40, gain: [0.5, 2] }, 64).matrix;
    const centre = [applyAffine(shifted, 31.5, 31.5), applyAffine(both, 31.5, 31.5)];
    expect(centre[0]![0]).toBeCloseTo(centre[1]![0]!, 9);
    const flipped = drawAugmentation(2, 7, { flipX: true, flipY: true }, 64).matrix;
    expect([Math.abs(flipped[0]), Math.abs(flipped[4])]).toEqual([1, 1]);
  });
});
