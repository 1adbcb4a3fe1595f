/** @file Context restoration: exchanges against a slow reference, what the network sees, the loss, and that it is learnt. */
import { describe, expect, it } from 'vitest';
import { drawsOf, uniforms } from '../../src/base/random.ts';
import { only } from '../../src/results/mark.ts';
import { contextRestoration, swappedPlaces } from '../../src/tasks/contextRestoration.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { useDevice } from '../device.ts';
import { plainKernels } from '../train/tiny.ts';
import { learntOnEight } from './eight.ts';
import { choiceOf, stepOf } from './samples.ts';

const device = useDevice(plainKernels);
const facts = { targetView: 'short-axis', referenceViews: [] };

/** Exchanges patches of an image itself, one pair after another, by the same draws. */
function exchanged(image: readonly number[], size: number, side: number, swaps: number, draw: () => number) {
  const running = [...image];
  for (let done = 0; done < swaps; ) {
    const [ax, ay, bx, by] = Array.from({ length: 4 }, () => Math.floor(draw() * (size - side + 1)));
    const shared = new Set<number>();
    const pixels = (x: number, y: number) =>
      Array.from({ length: side * side }, (_, i) => (y + Math.floor(i / side)) * size + x + (i % side));
    const [one, other] = [pixels(ax!, ay!), pixels(bx!, by!)];
    for (const p of one) if (other.includes(p)) shared.add(p);
    if (shared.size > 0) continue;
    const kept = one.map((p) => running[p]!);
    for (const [i, p] of one.entries()) running[p] = running[other[i]!]!;
    for (const [i, p] of other.entries()) running[p] = kept[i]!;
    done++;
  }
  return running;
}

describe('exchanged patches', () => {
  it('are those of the running image, apart from each other, and every pixel stays once', () => {
    for (const [size, side, swaps] of [
      [8, 2, 1],
      [9, 2, 5],
      [16, 4, 20],
      [33, 5, 40],
    ] as const) {
      const image = Array.from({ length: size * size }, (_, i) => i);
      const places = swappedPlaces(size, side, swaps, drawsOf(3, 4, size));
      expect([...places]).toEqual(exchanged(image, size, side, swaps, drawsOf(3, 4, size)));
      expect([...places].sort((a, b) => a - b)).toEqual(image);
    }
  });

  it('move a fifth of the pixels by default, at 224 px as at 56', () => {
    for (const size of [56, 224]) {
      const part = contextRestoration.setup(facts, contextRestoration.defaults, { size, spacingMm: 2 });
      const moved = Array.from({ length: 20 }, (_, i) => {
        const choice = choiceOf({ size, draw: drawsOf(1, 2, i) });
        const [places] = [...part.input!.pick(choice).tables!.values()];
        return Array.from(places!).filter((place, at) => place !== at).length / size ** 2;
      });
      const share = moved.reduce((a, b) => a + b) / moved.length;
      expect(share).toBeGreaterThan(0.15);
      expect(share).toBeLessThan(0.21);
    }
  });
});

describe('context restoration', () => {
  const size = 16;
  const part = () => contextRestoration.setup(facts, { swaps: 6, patches: 4 }, { size, spacingMm: 2 });

  it('shows the network the image with patches exchanged, and asks for the image as it was', async () => {
    const own = part();
    const [table] = own.fields;
    const choice = choiceOf({ size, draw: drawsOf(1, 2, 3) });
    const places = own.input!.pick(choice).tables!.get(table!)!;
    const image = [...uniforms(size * size, 9)];
    const images = tensor(device(), image, [1, size, size, 1]);
    const at = () => tensor(device(), Uint32Array.from(places), [1, size, size], 'u32');
    const seen = await own.input!.alter!(images, at).read();
    expect([...seen]).toEqual(exchanged(image, size, 4, 6, drawsOf(1, 2, 3)));
    const known = new Map([[table!, tensor(device(), [1], [1, 1])]]);
    const step = stepOf(new Map([[own.heads[0]!, images]]), new Map(), known, images);
    expect(await own.loss(step).item()).toBe(0);
  });

  it('costs 1, the variance of the image, for the answer 0', async () => {
    const own = part();
    const image = Array.from({ length: size * size }, (_, i) => (i % 2 === 0 ? 1 : -1));
    const known = new Map([[own.fields[0]!, tensor(device(), [1], [1, 1])]]);
    const silent = new Map([[own.heads[0]!, zeros(device(), [1, size, size, 1])]]);
    const step = stepOf(silent, new Map(), known, tensor(device(), image, [1, size, size, 1]));
    expect(await own.loss(step).item()).toBeCloseTo(1, 6);
    own.check([]);
  });

  it('is learnt on 8 images', async () => {
    const { shown, summaries } = await learntOnEight(
      device(),
      contextRestoration,
      { swaps: 4, patches: 8 },
      120,
    );
    const { rmse, unchangedRmse } = summaries.contextRestoration as Record<string, number>;
    expect(rmse!).toBeLessThan(0.5 * unchangedRmse!);
    const titles = only(shown[0]!.findings[0]!.marks, 'picture').map(({ title }) => title);
    expect(titles).toEqual(['altered', 'restored', 'original']);
  }, 120_000);
});
