/** @file Restoration: the loss where images were altered, the judge's errors and trivial answers, what it shows. */
import { describe, expect, it } from 'vitest';
import { uniforms } from '../../src/base/random.ts';
import { field } from '../../src/data/field.ts';
import { pixelHead } from '../../src/models/heads.ts';
import { only } from '../../src/results/mark.ts';
import { RestorationJudge } from '../../src/tasks/restoration/judge.ts';
import { restoredMse } from '../../src/tasks/restoration/loss.ts';
import { localMean } from '../../src/tasks/restoration/trivial.ts';
import { tensor } from '../../src/tensor/create.ts';
import { useDevice } from '../device.ts';
import { blockOf, outputsOf, sampleOf, stepOf } from './samples.ts';

const device = useDevice();
const head = pixelHead('final', 1);
const table = field('table', { kind: 'value', shape: [1] });

describe('the loss of a restoration', () => {
  const [n, size] = [3, 4];
  const shape = [n, size, size, 1];
  const [answer, image] = [1, 2].map((seed) => [...uniforms(n * size * size, seed)]);
  const known = [1, 0, 1];
  const step = () =>
    stepOf(
      new Map([[head, tensor(device(), answer!, shape)]]),
      new Map(),
      new Map([[table, tensor(device(), known, [n, 1])]]),
      tensor(device(), image!, shape),
    );
  /** Over the examples that count, in float64. */
  const reference = (weight: (i: number) => number): number => {
    let [sum, count] = [0, 0];
    for (let i = 0; i < n * size * size; i++) {
      const w = known[Math.floor(i / size ** 2)]! * weight(i);
      sum += w * (answer![i]! - image![i]!) ** 2;
      count += w;
    }
    return sum / count;
  };

  it('is the mean squared error to the image, of the examples that count and where it is asked for', async () => {
    expect(await restoredMse(step(), head, table).item()).toBeCloseTo(
      reference(() => 1),
      6,
    );
    const where = Array.from({ length: n * size * size }, (_, i) => Number(i % 3 === 0));
    const loss = restoredMse(step(), head, table, tensor(device(), where, shape));
    expect(await loss.item()).toBeCloseTo(
      reference((i) => where[i]!),
      6,
    );
  });
});

describe('the mean of what is unaltered around', () => {
  it('is that of plain loops, 0 where nothing is', () => {
    const size = 9;
    const seen = uniforms(size * size, 5);
    const altered = Uint8Array.from(uniforms(size * size, 6), (u) => Number(u < 0.7));
    for (const reach of [1, 3, 20]) {
      const expected = Array.from(seen, (_, i) => {
        const [x, y] = [i % size, Math.floor(i / size)];
        const around = [...seen.keys()].filter((j) => {
          const near = Math.abs((j % size) - x) <= reach && Math.abs(Math.floor(j / size) - y) <= reach;
          return near && !altered[j];
        });
        return around.reduce((sum, j) => sum + seen[j]!, 0) / Math.max(1, around.length);
      });
      const out = localMean(seen, altered, size, reach);
      for (const [i, v] of out.entries()) expect(v, `${i}`).toBeCloseTo(expected[i]!, 5);
    }
    expect([...localMean(seen, new Uint8Array(size * size).fill(1), size, 2)]).toEqual(new Array(81).fill(0));
  });
});

describe('the judge of a restoration', () => {
  const judge = () =>
    new RestorationJudge({ head, size: 2, result: { key: 'restored.rmse', title: 'Restored' } });
  const clean = Float32Array.of(0, 1, 2, 3, 4, 4, 4, 4, 1, 1, 1, 1);
  const seen = Float32Array.of(5, 1, 2, 3, 4, 4, 6, 4, 1, 1, 1, 1);
  const answer = Float32Array.of(1, 9, 9, 9, 9, 9, 7, 9, 9, 9, 9, 9);
  const samples = ['a', 'b', 'c'].map((subject) => sampleOf({ subject }));

  it('measures inside altered pixels alone, beside the better of two trivial answers', () => {
    const own = judge();
    own.add(outputsOf(head, answer), samples, [0, 0, 0], blockOf({ clean, seen }));
    const { results, summary, notes } = own.done();
    // of the network 1² and 3²; left as it is 5² and 2²; around there are 1, 2, 3 and 4, 4, 4
    const [network, unchanged, around] = [Math.sqrt(5), Math.sqrt(29 / 2), Math.sqrt(2)];
    expect(summary).toEqual({
      ...{ rmse: network, unchangedRmse: unchanged, localMeanRmse: around, images: 2, alteredShare: 1 / 6 },
    });
    expect(results).toMatchObject([
      { key: 'restored.rmse', value: network, trivial: around, better: 'lower', count: 2 },
    ]);
    expect([...results[0]!.bySubject]).toEqual([
      ['a', 1],
      ['b', 3],
    ]);
    expect(notes).toHaveLength(1);
    expect(judge().done()).toMatchObject({ results: [], summary: null });
  });

  it('shows what was altered, what is restored and what it was, of the newest block', () => {
    const own = judge();
    own.add(outputsOf(head, answer.slice(0, 4)), samples.slice(0, 1), [0], blockOf({ clean, seen }));
    const rest = blockOf({ clean: clean.slice(4), seen: seen.slice(4) });
    own.add(outputsOf(head, answer.slice(4)), samples.slice(1), [0, 0], rest);
    const marks = own.marks(0);
    expect(only(marks, 'words').map(({ text }) => text)).toEqual([
      'error where altered 3.00, left as it is 2.00',
    ]);
    expect(only(marks, 'picture').map(({ title, values }) => [title, [...values]])).toEqual([
      ['altered', [4, 4, 6, 4]],
      ['restored', [9, 9, 7, 9]],
      ['original', [4, 4, 4, 4]],
    ]);
    expect(only(own.marks(1), 'words')[0]!.text).toBe('error where altered –, left as it is –');
    expect(() => own.add(outputsOf(head, answer), samples, [0, 0, 0])).toThrow(
      'Judge.add: images are missing',
    );
  });
});
