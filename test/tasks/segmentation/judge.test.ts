/** @file The judge of segmentations: volumes of hand-made stacks against src/results, what is unknown, and what is shown. */
import { describe, expect, it } from 'vitest';
import { ShapeError } from '../../../src/base/errors.ts';
import { mean } from '../../../src/base/statistics.ts';
import type { Sample } from '../../../src/data/sample.ts';
import { UNKNOWN } from '../../../src/data/types.ts';
import type { Result } from '../../../src/results/result.ts';
import { measureSegmentation } from '../../../src/results/segmentation.ts';
import { type SegmentationSettings, segmentation } from '../../../src/tasks/segmentation/index.ts';
import type { Verdict } from '../../../src/tasks/task.ts';
import { outputsOf, sampleOf } from '../samples.ts';

const [size, spacingMm, stepMm] = [12, 1.5, 8];
const area = size * size;
const names = ['background', 'wall', 'left ventricle'];

/** A square of `label` around a smaller one of the next, columns and rows from `first`. */
function squares(first: number, side: number, label = 1): number[] {
  return Array.from({ length: area }, (_, i) => {
    const [x, y] = [(i % size) - first, Math.floor(i / size) - first];
    const within = (by: number) => Math.min(x, y) >= by && Math.max(x, y) < side - by;
    return within(1) ? label + 1 : within(0) ? label : 0;
  });
}

const nothing = new Array<number>(area).fill(0);
const unknown = new Array<number>(area).fill(UNKNOWN);

interface Made {
  readonly subject?: string;
  readonly frame?: number;
  readonly phase?: 'ED' | 'ES';
  /** Place along the normal, in steps. */
  readonly at?: number;
  readonly mask: readonly number[] | null;
}

function sliceOf({ subject = 'a', frame = 0, phase, at = 0, mask }: Made): Sample {
  const base = sampleOf();
  return {
    ...base,
    ...{ subject, frame, plane: { ...base.plane, position: [3, 4, -stepMm * at] } },
    ...(phase && { phase }),
    mask: () => mask && Uint8Array.from(mask),
  };
}

const stack = (masks: readonly (readonly number[] | null)[], made: Omit<Made, 'mask'> = {}): Sample[] =>
  masks.map((mask, at) => sliceOf({ ...made, at, mask }));

/** Scores of which those of these classes are the largest. */
const scoresOf = (maps: readonly (readonly number[])[]): Float32Array =>
  Float32Array.from(maps.flat().flatMap((v) => [0, 1, 2].map((k) => (k === v ? 2 : k / 4))));

function judgeOf(training: readonly Sample[] = [], settings: Partial<SegmentationSettings> = {}) {
  const defaults = segmentation.defaults as SegmentationSettings;
  const facts = { targetView: 'short-axis', referenceViews: [], classes: names };
  const part = segmentation.setup(facts, { ...defaults, ...settings }, { size, spacingMm });
  const judge = part.judge(training);
  const add = (answers: readonly (readonly number[])[], samples: readonly Sample[]) =>
    judge.add(outputsOf(part.heads[0]!, scoresOf(answers)), samples, []);
  return { judge, add };
}

function verdictOf(
  answers: readonly (readonly number[])[],
  samples: readonly Sample[],
  training: readonly Sample[] = [],
): Verdict {
  const { judge, add } = judgeOf(training);
  add(answers, samples);
  return judge.done();
}

function resultOf({ results }: Verdict, key: string): Result {
  const found = results.find((result) => result.key === `segmentation.${key}`);
  if (!found) throw new Error(`${key} is none of ${results.map((result) => result.key).join(', ')}`);
  return found;
}

const truth = [nothing, squares(2, 6), squares(3, 7), squares(3, 5)];
const answers = [squares(2, 4), squares(3, 6), squares(3, 6), nothing];
const grid = { shape: [4, size, size], spacingMm: [stepMm, spacingMm, spacingMm] } as const;

describe('the judge of segmentation', () => {
  it('measures volumes that its slices make up, in mm and ml, whatever their order and blocks', () => {
    const { judge, add } = judgeOf();
    const samples = stack(truth);
    for (const rows of [[2], [3, 0], [1]])
      add(
        rows.map((i) => answers[i]!),
        rows.map((i) => samples[i]!),
      );
    const verdict = judge.done();
    for (const [label, name] of names.entries()) {
      if (label === 0) continue;
      const expected = measureSegmentation(answers.flat(), truth.flat(), label, grid);
      expect(resultOf(verdict, `${name}.dice`)).toMatchObject({ value: expected.dice, count: 1, missing: 0 });
      for (const key of ['hausdorffMm', 'hausdorff95Mm', 'surfaceMm'] as const)
        expect(resultOf(verdict, `${name}.${key}`).value, key).toBeCloseTo(expected[key]!, 10);
      const error = Math.abs(expected.predictedMl - expected.truthMl);
      expect(resultOf(verdict, `${name}.volumeErrorMl`).value).toBeCloseTo(error, 10);
      expect(resultOf(verdict, `${name}.hausdorffMm`).value).toBeGreaterThanOrEqual(stepMm);
    }
    const [wall, cavity] = names.slice(1).map((name) => resultOf(verdict, `${name}.dice`).value!);
    expect(resultOf(verdict, 'dice').value).toBeCloseTo((wall! + cavity!) / 2, 12);
    expect(verdict.summary).toMatchObject({
      volumes: 1,
      classes: { wall: { dice: { network: { mean: wall, count: 1 } } } },
    });
  });

  it('counts what is unknown in the truth for nothing', () => {
    const hide = (map: readonly number[], other: number) =>
      map.map((v, i) => (i % size < 4 || i % size > 8 ? other : v));
    const verdict = verdictOf(
      answers.map((map) => map.map((v, i) => (i % size > 8 ? 2 : v))),
      stack(truth.map((map) => hide(map, UNKNOWN))),
    );
    const [p, t] = [answers, truth].map((maps) => maps.flatMap((map) => hide(map, 0)));
    const expected = measureSegmentation(p!, t!, 2, grid);
    expect(resultOf(verdict, 'left ventricle.dice').value).toBeCloseTo(expected.dice!, 12);
    expect(resultOf(verdict, 'left ventricle.hausdorffMm').value).toBeCloseTo(expected.hausdorffMm!, 10);
  });

  it('keeps the place of slices that are missing or not labelled', () => {
    const samples = stack(truth).map((sample, i) => (i === 1 ? { ...sample, mask: () => null } : sample));
    const verdict = verdictOf(answers, samples);
    const known = (maps: readonly (readonly number[])[]) =>
      maps.flatMap((map, i) => (i === 1 ? nothing : map));
    const expected = measureSegmentation(known(answers), known(truth), 2, grid);
    expect(resultOf(verdict, 'left ventricle.dice').value).toBeCloseTo(expected.dice!, 12);
    expect(resultOf(verdict, 'left ventricle.surfaceMm').value).toBeCloseTo(expected.surfaceMm!, 10);
    expect(verdict.left).toEqual(['Images that are not measured, for they have no mask: 1.']);
    const all = verdictOf(answers, stack([unknown, unknown, unknown, unknown]));
    expect(all).toMatchObject({ summary: null, notes: [] });
    expect(all.results.map(({ key }) => key)).toEqual([
      'segmentation.wall.volumeMl',
      'segmentation.left ventricle.volumeMl',
    ]);
  });

  it('says of slices that are not evenly spaced only how far they overlap, and of one slice no volume', () => {
    const samples = stack(truth).map((sample, at) => ({
      ...sample,
      plane: { ...sample.plane, position: [0, 0, [0, 1, 2.4, 5][at]! * stepMm] as const },
    }));
    const verdict = verdictOf(answers, samples);
    const dice = measureSegmentation(answers.flat(), truth.flat(), 1, grid).dice;
    expect(resultOf(verdict, 'wall.dice').value).toBeCloseTo(dice!, 12);
    expect(resultOf(verdict, 'wall.dice').notes.join()).toMatch(/unevenly spaced slices.*: 1 of 1/);
    expect(verdict.results.map(({ key }) => key).filter((key) => /Mm|Ml/.test(key))).toEqual([]);
    const single = verdictOf([squares(2, 6)], stack([squares(3, 6)]));
    const flat = measureSegmentation(squares(2, 6), squares(3, 6), 1, {
      ...{ shape: [1, size, size], spacingMm: [1, spacingMm, spacingMm] },
    });
    expect(resultOf(single, 'wall.hausdorffMm').value).toBeCloseTo(flat.hausdorffMm!, 10);
    expect(single.results.some(({ key }) => key.includes('Ml'))).toBe(false);
  });

  it('takes slices as evenly spaced whose places the headers round', () => {
    const many = Array.from({ length: 25 }, (_, i) => truth[i % truth.length]!);
    // multiples of 3.333… mm, as DICOM strings of one decimal have them: the smallest gap is 3.3
    const places = many.map((_, i) => Math.round((i * 100) / 3) / 10);
    const samples = stack(many).map((sample, i) => ({
      ...sample,
      plane: { ...sample.plane, position: [0, 0, places[i]!] as const },
    }));
    const verdict = verdictOf(many, samples);
    expect(resultOf(verdict, 'wall.volumeErrorMl').value).toBe(0);
    expect(resultOf(verdict, 'wall.dice').notes).toEqual([]);
  });

  it('compares figures with the trivial ones of the same volumes', () => {
    const [found, lost] = [stack(truth, { subject: 'found' }), stack(truth, { subject: 'lost' })];
    const shifted = lost.map((sample, i) => ({
      ...sample,
      mask: () => Uint8Array.from(truth[i]!, (_, at) => truth[i]![at - 3] ?? 0),
    }));
    const none = truth.map(() => nothing);
    const both = verdictOf([...answers, ...none], [...found, ...shifted], stack(truth));
    const alone = verdictOf(answers, found, stack(truth));
    for (const figure of ['hausdorffMm', 'surfaceMm'])
      expect(resultOf(both, `wall.${figure}`).trivial, figure).toBe(
        resultOf(alone, `wall.${figure}`).trivial,
      );
  });

  it('reports a class that was not found, or is not there, as missing and not as a distance', () => {
    const found = stack(truth, { subject: 'found' });
    const lost = stack(truth, { subject: 'lost' });
    const without = truth.map((map) => map.map((v) => (v === 2 ? 0 : v)));
    const invented = stack(without, { subject: 'invented' });
    const neither = stack(without, { subject: 'neither' });
    const onlyWall = answers.map((map) => map.map((v) => (v === 2 ? 0 : v)));
    const verdict = verdictOf([answers, onlyWall, answers, onlyWall].flat(), [
      ...found,
      ...lost,
      ...invented,
      ...neither,
    ]);
    const expected = measureSegmentation(answers.flat(), truth.flat(), 2, grid);
    const wall = resultOf(verdict, 'wall.dice').bySubject;
    const dice = resultOf(verdict, 'left ventricle.dice');
    expect(resultOf(verdict, 'dice').bySubject).toEqual(
      new Map([...wall].map(([subject, own]) => [subject, mean([own, dice.bySubject.get(subject) ?? own])])),
    );
    expect(dice).toMatchObject({ count: 3, missing: 1 });
    expect(dice.value).toBeCloseTo(expected.dice! / 3, 12);
    expect([...dice.bySubject.keys()]).toEqual(['found', 'lost', 'invented']);
    expect(dice.notes).toEqual([
      'Left ventricle, volumes in which it was not found, of Dice 0 and without distances: 1 of 3.',
      'Left ventricle, volumes in which it was found though the mask has none, of Dice 0: 1 of 3.',
      'Left ventricle, volumes that are not scored, for it was neither found nor is there: 1.',
    ]);
    const distance = resultOf(verdict, 'left ventricle.hausdorffMm');
    expect(distance).toMatchObject({ count: 2, missing: 1 });
    expect(distance.value).toBeCloseTo(expected.hausdorffMm!, 10);
    expect([...distance.bySubject.keys()]).toEqual(['found']);
  });

  it('has the class that is most frequent at each place of the training masks beside it', () => {
    const training = stack([squares(2, 6), squares(2, 6), squares(3, 7), unknown, nothing]);
    const usual = Array.from({ length: area }, (_, i) => {
      const votes = training.map((sample) => sample.mask()![i]!);
      const counts = [0, 1, 2].map((k) => votes.filter((v) => v === k).length);
      return counts.indexOf(Math.max(...counts));
    });
    expect(new Set(usual)).toEqual(new Set([0, 1, 2]));
    const verdict = verdictOf(answers, stack(truth), training);
    const maps = [usual, usual, usual, usual].flat();
    for (const [i, name] of names.slice(1).entries()) {
      const expected = measureSegmentation(maps, truth.flat(), i + 1, grid);
      expect(resultOf(verdict, `${name}.dice`).trivial).toBeCloseTo(expected.dice!, 12);
      expect(resultOf(verdict, `${name}.hausdorff95Mm`).trivial).toBeCloseTo(expected.hausdorff95Mm!, 10);
    }
  });

  it('compares ejection fractions of hearts that have both phases with the training hearts’ mean', () => {
    const heart = (subject: string, full: number, empty: number) => [
      ...stack([nothing, squares(1, full), nothing], { subject, frame: 0, phase: 'ED' }),
      ...stack([nothing, squares(1, empty), nothing], { subject, frame: 7, phase: 'ES' }),
    ];
    const inner = (side: number) => (side - 2) ** 2;
    const fraction = (full: number, empty: number) => 100 * (1 - inner(empty) / inner(full));
    const half = stack([nothing, squares(1, 8)], { subject: 'c', phase: 'ED' });
    // one slice has no volume
    const flat = [
      ...stack([squares(1, 9)], { subject: 'z', frame: 0, phase: 'ED' }),
      ...stack([squares(1, 4)], { subject: 'z', frame: 3, phase: 'ES' }),
    ];
    const verdict = verdictOf(
      [
        ...[nothing, squares(1, 9), nothing, nothing, squares(1, 6), nothing],
        ...[nothing, nothing, nothing, nothing, squares(1, 6), nothing],
        ...[nothing, squares(1, 8)],
      ],
      [...heart('a', 9, 5), ...heart('b', 8, 6), ...half],
      [...heart('x', 10, 6), ...heart('y', 9, 7), ...half, ...flat],
    );
    const own = Math.abs(fraction(9, 6) - fraction(9, 5));
    const usual = (fraction(10, 6) + fraction(9, 7)) / 2;
    // of the same hearts: the network found nothing in b
    const trivial = Math.abs(usual - fraction(9, 5));
    const result = resultOf(verdict, 'left ventricle.ejectionFraction');
    expect(result).toMatchObject({ count: 2, missing: 1, better: 'lower', unit: ' %' });
    expect(result.value).toBeCloseTo(own, 10);
    expect(result.trivial).toBeCloseTo(trivial, 10);
    expect(result.bySubject).toEqual(new Map([['a', result.value]]));
    expect(verdict.results.some(({ key }) => key === 'segmentation.wall.ejectionFraction')).toBe(false);
  });

  it('measures nothing where no background is known, and says so', () => {
    const partial = squares(2, 6).map((v) => (v === 0 ? UNKNOWN : v));
    const verdict = verdictOf([squares(2, 6)], [sliceOf({ mask: partial })]);
    expect(verdict.results).toEqual([]);
    expect(verdict.notes).toEqual([]);
    expect(verdict.left).toEqual(['Images that are not measured, for their masks know of no background: 1.']);
  });

  it('shows what was found and what is true, without what is unknown, and the Dice of each class', () => {
    const { judge, add } = judgeOf();
    const mask = squares(3, 6).map((v, i) => (i < size ? UNKNOWN : v));
    add(
      [squares(3, 5), nothing, squares(3, 5)],
      [sliceOf({ mask }), sliceOf({ mask: nothing }), sliceOf({ mask: null })],
    );
    const marks = judge.marks(0);
    const dice = measureSegmentation(squares(3, 5), squares(3, 6), 2, {
      ...{ shape: [1, size, size], spacingMm: [1, 1, 1] },
    }).dice!;
    expect(marks).toHaveLength(4);
    expect(marks[0]).toEqual({ kind: 'region', classes: Uint8Array.from(squares(3, 5)), of: 'predicted' });
    expect(marks[1]).toEqual({ kind: 'region', classes: Uint8Array.from(squares(3, 6)), of: 'truth' });
    expect(marks[3]).toEqual({ kind: 'words', text: `Dice ${dice.toFixed(2)}`, series: 1 });
    expect(judge.marks(1).map(({ kind }) => kind)).toEqual(['region', 'region']);
    expect(judge.marks(2).map(({ kind }) => kind)).toEqual(['region']);
  });

  it('refuses outputs of more or fewer images', () => {
    const { add } = judgeOf();
    expect(() => add([nothing, nothing], [sliceOf({ mask: nothing })])).toThrow(ShapeError);
  });
});

describe('images without masks', () => {
  it('have the volumes that were found, and no others', () => {
    const { judge, add } = judgeOf();
    const answers = [squares(2, 6), squares(3, 4), nothing];
    add(answers, stack([null, null, null]));
    const { results, summary } = judge.done();
    const pixels = (label: number) => answers.flat().filter((value) => value === label).length;
    expect(results.map(({ title, value, trivial, unit }) => [title, value, trivial, unit])).toEqual(
      [1, 2].map((label) => [
        `${['Wall', 'Left ventricle'][label - 1]}, volume`,
        (pixels(label) * spacingMm ** 2 * stepMm) / 1000,
        null,
        ' ml',
      ]),
    );
    expect(summary).toBeNull();
  });

  it('have none where their slices are not evenly spaced', () => {
    const { judge, add } = judgeOf();
    const samples = [0, 1, 2.5].map((at) => sliceOf({ at, mask: null }));
    add([nothing, nothing, nothing], samples);
    expect(judge.done().results.map(({ value }) => value)).toEqual([null, null]);
  });
});
