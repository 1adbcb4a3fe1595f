/** @file Anatomical positions: maps against geometry in the patient, however images and headers are turned; loss, judge. */
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/base/errors.ts';
import { applyAffine, identityAffine } from '../../src/data/affine.ts';
import { drawAugmentation } from '../../src/data/augmentation.ts';
import { BatchLayout } from '../../src/data/batch.ts';
import { intersectingLine, pixelToWorld, planeNormal } from '../../src/data/geometry.ts';
import type { Sample } from '../../src/data/sample.ts';
import type { Affine, ImagePlane, Vec3 } from '../../src/data/types.ts';
import { add, cross, dot, normalize, scale, subtract } from '../../src/data/vector.ts';
import { only } from '../../src/results/mark.ts';
import { framesOf, positionMap } from '../../src/tasks/anatomicalPosition/boxes.ts';
import { anatomicalPosition } from '../../src/tasks/anatomicalPosition/index.ts';
import { tensor } from '../../src/tensor/create.ts';
import { useDevice } from '../device.ts';
import { plainKernels } from '../train/tiny.ts';
import { learntOnEight } from './eight.ts';
import { outputsOf, sampleOf, stepOf } from './samples.ts';

const device = useDevice(plainKernels);
const [size, spacingMm] = [64, 2];
const settings = { boxMm: 10, stepMm: 20 };

/** Base to apex, septum to lateral wall, towards the anterior wall (LPS). */
const apex = normalize([0.65, -0.55, -0.5]);
const lateral = normalize(cross(cross(apex, [0.58, 0.77, -0.2]), apex));
const anterior = cross(apex, lateral);

function planeOf(normal: Vec3, at: Vec3): ImagePlane {
  const rowDirection = normalize(cross(normal, Math.abs(normal[2]) < 0.9 ? [0, 0, 1] : [1, 0, 0]));
  return {
    ...{ position: at, rowDirection, columnDirection: cross(normal, rowDirection) },
    ...{ spacingMm: [spacingMm, spacingMm], rows: size, columns: size },
  };
}

const middle: Vec3 = [12, -20, 33];
/** The 2-chamber plane runs anterior to inferior, the 4-chamber plane septum to lateral wall, at 75° to it. */
const references = [
  planeOf(normalize(add(lateral, scale(anterior, 0.1))), middle),
  planeOf(normalize(subtract(anterior, scale(lateral, 0.35))), middle),
];

/** A short-axis image around the middle, whose rows run along `row`. */
function imageOf(row: Vec3, column: Vec3, planes: readonly ImagePlane[] = references): Sample {
  const half = ((size - 1) / 2) * spacingMm;
  const at = add(middle, scale(apex, 4));
  const plane: ImagePlane = {
    ...planeOf(apex, subtract(at, add(scale(row, half), scale(column, half - 9)))),
    ...{ rowDirection: row, columnDirection: column },
  };
  return sampleOf({ plane, lines: planes.map((reference) => intersectingLine(plane, reference).line) });
}

const upright = imageOf(lateral, anterior);

/** Boxes by distances in the patient, pixel for pixel; null within a hair of an edge. */
function reference(sample: Sample, matrix: Affine): (number | null)[] {
  const normals = references.map(planeNormal).map((m) => {
    const within = normalize(subtract(m, scale(apex, dot(m, apex))));
    return dot(within, [5, 2, 3]) < 0 ? scale(within, -1) : within;
  });
  const foot = (point: Vec3, which: number) => dot(normals[which]!, subtract(point, middle));
  const along = [0, 1].map((which) => {
    const t = cross(apex, normals[which]!);
    return dot(t, normals[1 - which]!) < 0 ? scale(t, -1) : t;
  });
  const centre = add(middle, scale(apex, 4));
  return Array.from({ length: size * size }, (_, i) => {
    const point = pixelToWorld(sample.plane, ...applyAffine(matrix, i % size, Math.floor(i / size)));
    const across = [foot(point, 0), foot(point, 1)].map(Math.abs);
    const places = along.map((t) => dot(t, subtract(point, centre)));
    const inside = (which: number, step: number) =>
      across[which]! <= 5 && Math.abs(places[which]! - 20 * step) <= 5;
    const edges = [0, 1].flatMap((which) => [
      across[which]! - 5,
      ...[0, 1, -1, 2, -2].map((step) => Math.abs(places[which]! - 20 * step) - 5),
    ]);
    if (edges.some((edge) => Math.abs(edge) < 1e-3)) return null;
    const boxes = [[0, 0], ...[0, 1].flatMap((which) => [1, -1, 2, -2].map((step) => [which, step]))];
    return 1 + boxes.findIndex(([which, step]) => inside(which!, step!));
  });
}

function expectMap(sample: Sample, matrix: Affine): Uint8Array {
  const map = positionMap(framesOf(sample, spacingMm)!, matrix, size, settings);
  const wrong = reference(sample, matrix).flatMap((box, i) => (box !== null && box !== map[i] ? [i] : []));
  expect(wrong).toEqual([]);
  return map;
}

describe('anatomical positions', () => {
  it('are where the patient’s geometry says, as the image is and under any augmentation', () => {
    const map = expectMap(upright, identityAffine);
    // 25 mm² of pixels of 4 mm²
    for (let box = 1; box <= 9; box++)
      expect(Math.abs(map.filter((v) => v === box).length - 25)).toBeLessThanOrEqual(11);
    const options = { rotationDeg: 180, scale: [0.7, 1.4], shiftPx: 9, flipX: true, flipY: true } as const;
    for (let counter = 0; counter < 12; counter++)
      expectMap(upright, drawAugmentation(3, counter, options, size).matrix);
  });

  it('belong to the anatomy: images that lie otherwise, and headers of the other hand, change nothing', () => {
    const boxAt = (sample: Sample, point: Vec3): number => {
      const [x, y] = [sample.plane.rowDirection, sample.plane.columnDirection].map((axis) =>
        Math.round(dot(axis, subtract(point, sample.plane.position)) / spacingMm),
      );
      return positionMap(framesOf(sample, spacingMm)!, identityAffine, size, settings)[y! * size + x!]!;
    };
    const flipped = references.map((plane) => ({ ...plane, rowDirection: scale(plane.rowDirection, -1) }));
    const images = [
      upright,
      imageOf(scale(lateral, -1), anterior),
      imageOf(anterior, scale(lateral, -1)),
      imageOf(lateral, anterior, flipped),
    ];
    const centre = add(middle, scale(apex, 4));
    const boxes = [
      [0, 0],
      [-2, 20],
      [2, -20],
      [19, 6.6],
      [-19, -6.6],
    ].map(([right, up]) => {
      const point = add(centre, add(scale(lateral, right!), scale(anterior, up!)));
      const found = images.map((image) => boxAt(image, point));
      expect(new Set(found).size).toBe(1);
      return found[0];
    });
    // the 2-chamber line runs to the anterior and inferior wall, the 4-chamber line to the lateral one and the septum
    expect(boxes[0]).toBe(1);
    expect(boxes.slice(1)).toEqual([2, 3, 6, 7]);
  });

  it('are not known where a line is missing, or both hardly cross', () => {
    const [first, second] = upright.lines;
    expect(framesOf({ ...upright, lines: [first!, null] }, spacingMm)).toBeNull();
    expect(framesOf({ ...upright, lines: [first!] }, spacingMm)).toBeNull();
    expect(framesOf({ ...upright, lines: [first!, first!] }, spacingMm)).toBeNull();
    const turned = (degrees: number) => {
      const angle = Math.atan2(first![1], first![0]) + (degrees * Math.PI) / 180;
      return [Math.cos(angle), Math.sin(angle), second![2]] as const;
    };
    expect(framesOf({ ...upright, lines: [first!, turned(14)] }, spacingMm)).toBeNull();
    expect(framesOf({ ...upright, lines: [first!, turned(166.5)] }, spacingMm)).toBeNull();
    expect(framesOf({ ...upright, lines: [first!, turned(16)] }, spacingMm)).not.toBeNull();
  });
});

const facts = { targetView: 'short-axis', referenceViews: ['2-chamber', '4-chamber', 'other'] };
const grid = { size, spacingMm };
const part = () => anatomicalPosition.setup(facts, settings, grid);
const unlabelled: Sample = { ...upright, lines: [null, null] };

describe('the loss of anatomical positions', () => {
  it('weighs classes by how rare they are in training, is ln 10 at chance, and 0 of what has no label', async () => {
    const own = part();
    const [positions] = own.fields;
    const [head] = own.heads;
    const map = positionMap(framesOf(upright, spacingMm)!, identityAffine, size, settings);
    const logits = new Float32Array(2 * size * size * 10).map((_, i) => Math.sin(i));
    const lossOf = (values: Float32Array, known: readonly number[]) => {
      const output = tensor(device(), values, [2, size, size, 10]);
      const truth = tensor(device(), [...map, ...map], [2, size, size], 'u32');
      const mask = tensor(device(), known, [2, 1]);
      return own.loss(
        stepOf(new Map([[head!, output]]), new Map([[positions!, truth]]), new Map([[positions!, mask]])),
      );
    };
    expect(() => lossOf(logits, [1, 1])).toThrow('Call check(training) before loss');
    own.check([upright, unlabelled]);
    const counts = Array.from({ length: 10 }, (_, box) => map.filter((v) => v === box).length);
    const reference = (images: readonly number[]) => {
      let [sum, weight] = [0, 0];
      for (const image of images)
        for (const [i, box] of map.entries()) {
          const at = (image * size * size + i) * 10;
          const row = [...logits.subarray(at, at + 10)];
          const each = 1 / counts[box]!;
          sum += each * (Math.log(row.reduce((total, v) => total + Math.exp(v), 0)) - row[box]!);
          weight += each;
        }
      return sum / weight;
    };
    expect(await lossOf(logits, [1, 1]).item()).toBeCloseTo(reference([0, 1]), 4);
    expect(await lossOf(logits, [0, 1]).item()).toBeCloseTo(reference([1]), 4);
    expect(await lossOf(logits.fill(0), [1, 1]).item()).toBeCloseTo(Math.log(10), 5);
    expect(await lossOf(logits, [0, 0]).item()).toBe(0);
  });

  it('is of labels that are written as the view lies, and of none where there is none', () => {
    const own = part();
    const [positions] = own.fields;
    const batch = new BatchLayout({ examples: 2, views: 1, size }, own.fields).batch();
    const { matrix } = drawAugmentation(3, 1, { rotationDeg: 40, flipX: true }, size);
    const change = { matrix, gain: 1, offset: 0 };
    own.fill({ views: [{ sample: upright, ...change }], drawn: 0 }, batch.row(0));
    own.fill({ views: [{ sample: unlabelled, ...change }], drawn: 0 }, batch.row(1));
    const map = positionMap(framesOf(upright, spacingMm)!, matrix, size, settings);
    expect([...batch.values(positions!).subarray(0, size * size)]).toEqual([...map]);
    expect([...batch.mask(positions!)]).toEqual([1, 0]);
  });

  it('needs two views, and training images whose lines cross', () => {
    const one = () => anatomicalPosition.setup({ ...facts, referenceViews: ['2-chamber'] }, settings, grid);
    expect(one).toThrow(ConfigError);
    expect(() => part().check([unlabelled])).toThrow(
      'no training image has the lines of two reference views',
    );
    expect(part().series).toHaveLength(9);
    expect(part().series.slice(0, 3)).toEqual([
      'crossing',
      '2-chamber line, +20 mm',
      '2-chamber line, −20 mm',
    ]);
  });
});

describe('the judge of anatomical positions', () => {
  const map = positionMap(framesOf(upright, spacingMm)!, identityAffine, size, settings);
  /** Scores that say this box at each pixel. */
  const saying = (boxes: ArrayLike<number>) =>
    Float32Array.from({ length: boxes.length * 10 }, (_, i) => Number(boxes[Math.floor(i / 10)] === i % 10));

  it('measures boxes beside where they usually lie, and shows them', () => {
    const own = part();
    const judge = own.judge([upright, unlabelled]);
    const half = map.map((box) => (box > 5 ? 0 : box));
    judge.add(outputsOf(own.heads[0]!, saying([...half, ...map])), [upright, unlabelled], [0, 0]);
    const [predicted, truth] = only(judge.marks(0), 'region');
    expect([predicted!.of, truth!.of]).toEqual(['predicted', 'truth']);
    expect(predicted!.classes).toEqual(half);
    expect(truth!.classes).toEqual(map);
    expect(only(judge.marks(0), 'words')[0]!.text).toBe('Dice of the boxes 0.56');
    expect(judge.marks(1)).toHaveLength(1);
    const { results, summary } = judge.done();
    const inside = half.filter((v) => v > 0).length / map.filter((v) => v > 0).length;
    expect(results).toMatchObject([
      { key: 'anatomicalPosition.accuracy', value: expect.closeTo(inside, 10), trivial: 1, better: 'higher' },
      { key: 'anatomicalPosition.dice', value: 5 / 9, trivial: 1, count: 1, better: 'higher' },
    ]);
    expect(summary).toMatchObject({ dice: 5 / 9, trivialDice: 1, images: 1 });
    expect(own.judge([upright]).done()).toMatchObject({ results: [], summary: null });
  });

  it('takes for usual what is frequent at a place for how frequent it is at all', () => {
    const own = part();
    const moved = imageOf(anterior, scale(lateral, -1));
    const judge = own.judge([upright, upright, moved]);
    judge.add(outputsOf(own.heads[0]!, saying(map)), [upright], [0]);
    const [, dice] = judge.done().results;
    expect(dice!.value).toBe(1);
    expect(dice!.trivial!).toBeLessThan(1);
    expect(dice!.trivial!).toBeGreaterThan(0.4);
  });
});

describe('anatomical position prediction', () => {
  it('is learnt on 8 images', async () => {
    const { results, shown } = await learntOnEight(
      device(),
      anatomicalPosition,
      { boxMm: 12, stepMm: 14 },
      120,
    );
    expect(results[0]!.value!).toBeGreaterThan(1.2 * results[0]!.trivial!);
    expect(only(shown[0]!.findings[0]!.marks, 'region')).toHaveLength(2);
  }, 120_000);
});
