/** @file Re-colourisation: maps of motion against slow sums, moved with the image, the loss, the judge, and that it is learnt. */
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/base/errors.ts';
import { uniforms } from '../../src/base/random.ts';
import { BatchLayout } from '../../src/data/batch.ts';
import { companionsOf } from '../../src/data/companions.ts';
import type { Sample } from '../../src/data/sample.ts';
import { emphasised, recolourisation } from '../../src/tasks/recolourisation/index.ts';
import { motionMaps } from '../../src/tasks/recolourisation/motion.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { useDevice } from '../device.ts';
import { plainKernels } from '../train/tiny.ts';
import { eightImages, learntOnEight } from './eight.ts';
import { blockOf, choiceOf, outputsOf, sampleOf, stepOf } from './samples.ts';

const device = useDevice(plainKernels);
const facts = { targetView: 'short-axis', referenceViews: [] };
const part = (size: number, settings: object = {}) =>
  recolourisation.setup(facts, { target: 'motion', emphasis: 0, ...settings }, { size, spacingMm: 2 });

const phasesOf = (count: number, size: number, subject = 'a', first = 0): Sample[] =>
  Array.from({ length: count }, (_, frame) =>
    sampleOf({
      ...{ index: first + frame, frame, subject },
      pixels: () => Float32Array.from(uniforms(size * size, 7 + first + frame)),
    }),
  );

describe('maps of motion', () => {
  it('are mean, deviation and first harmonic of each pixel', () => {
    for (const count of [3, 4, 7, 25]) {
      const phases = phasesOf(count, 3).map((sample) => sample.pixels());
      const found = motionMaps(phases);
      for (let i = 0; i < 9; i++) {
        const values = phases.map((pixels) => pixels[i]!);
        const sum = (of: (v: number, p: number) => number) => values.map(of).reduce((a, b) => a + b);
        const mean = sum((v) => v) / count;
        const angle = (p: number) => (2 * Math.PI * p) / count;
        const expected = [
          mean,
          Math.sqrt(sum((v) => (v - mean) ** 2) / count),
          (2 / count) * sum((v, p) => v * Math.cos(angle(p))),
          (2 / count) * sum((v, p) => v * Math.sin(angle(p))),
        ];
        for (const [map, v] of expected.entries()) expect(found[4 * i + map]).toBeCloseTo(v, 5);
      }
    }
  });

  it('tell amplitude and phase of a wave, whatever its mean', () => {
    const phases = Array.from({ length: 12 }, (_, p) =>
      Float32Array.of(5 + 3 * Math.cos((2 * Math.PI * p) / 12 - 0.7)),
    );
    const [mean, deviation, cosine, sine] = motionMaps(phases);
    expect([mean, deviation]).toEqual([5, expect.closeTo(3 / Math.SQRT2, 5)]);
    expect(Math.atan2(sine!, cosine!)).toBeCloseTo(0.7, 5);
    expect(Math.hypot(sine!, cosine!)).toBeCloseTo(3, 5);
  });

  it('are of all phases of the slice, the same whichever image asks, and missing where these are few', () => {
    const own = part(4);
    const [cine, short] = [phasesOf(5, 4), phasesOf(2, 4, 'b', 5)];
    const among = companionsOf([...cine, ...short]);
    const expected = motionMaps(cine.map((sample) => sample.pixels()));
    const [motion] = own.input!.tables!;
    const batch = new BatchLayout({ examples: 3, views: 1, size: 4 }, own.fields).batch();
    for (const [row, sample] of [cine[0]!, cine[3]!, short[1]!].entries()) {
      const example = own.input!.pick(choiceOf({ sample, among, size: 4 }));
      const pixels = sample.pixels();
      const relative = expected.map((v, i) => (i % 4 === 0 ? v - pixels[i / 4]! : v));
      expect(Array.from(example.tables!.get(motion!)!)).toEqual(
        row < 2 ? [...relative] : new Array(64).fill(0),
      );
      own.fill(example, batch.row(row));
    }
    expect([...batch.mask(own.fields[0]!)]).toEqual([1, 1, 0]);
    // moved with the image, as pixels are
    expect(motion!.kind).toBe('image');
    expect(own.notice!([...cine, ...short])).toMatch(/2 images of 7 teach nothing/);
    expect(own.notice!(cine)).toBeNull();
    own.check([...cine, ...short]);
    expect(() => own.check(short)).toThrow(ConfigError);
    expect(() => own.check(short)).toThrow(/Task recolourisation: no training image .* 3 cardiac phases/);
  });
});

describe('re-colourisation', () => {
  it('costs the mean size of the maps for the answer 0, over the images that count', async () => {
    const own = part(2);
    const truth = [...uniforms(32, 5)].map((u) => 2 * u - 1);
    const [motion] = own.input!.tables!;
    const lossOf = (known: readonly number[]) =>
      own.loss(
        stepOf(
          new Map([[own.heads[0]!, zeros(device(), [2, 2, 2, 4])]]),
          new Map([[motion!, tensor(device(), truth, [2, 2, 2, 4])]]),
          new Map([[own.fields[0]!, tensor(device(), known, [2, 1])]]),
        ),
      );
    const size = (values: readonly number[]) =>
      values.reduce((sum, v) => sum + Math.abs(v), 0) / values.length;
    expect(await lossOf([1, 1]).item()).toBeCloseTo(size([...truth]), 5);
    expect(await lossOf([0, 1]).item()).toBeCloseTo(size([...truth.slice(16)]), 5);
    expect(await lossOf([0, 0]).item()).toBe(0);
  });

  it('counts pixels by what is to be told there, by a share, as a plain sum does', async () => {
    const truth = [...uniforms(3 * 16, 6)].map((u, i) => (i < 32 ? 2 * u - 1 : 0));
    const weights = await emphasised(tensor(device(), truth, [3, 2, 2, 4]), 0.25).read();
    const out = [...uniforms(3 * 16, 7)];
    let [sum, count] = [0, 0];
    for (let image = 0; image < 3; image++) {
      const sizes = Array.from({ length: 4 }, (_, p) =>
        truth.slice(16 * image + 4 * p, 16 * image + 4 * p + 4).reduce((all, v) => all + Math.abs(v), 0),
      );
      const mean = sizes.reduce((a, b) => a + b) / 4;
      for (let i = 16 * image; i < 16 * image + 16; i++) {
        const weight = 0.75 + (mean > 0 ? (0.25 * sizes[(i >> 2) & 3]!) / mean : 0);
        expect(weights[i]).toBeCloseTo(weight, 4);
        sum += weight * Math.abs(out[i]! - truth[i]!);
        count++;
      }
    }
    const own = part(2, { emphasis: 0.25 });
    const step = stepOf(
      new Map([[own.heads[0]!, tensor(device(), out, [3, 2, 2, 4])]]),
      new Map([[own.input!.tables![0]!, tensor(device(), truth, [3, 2, 2, 4])]]),
      new Map([[own.fields[0]!, tensor(device(), [1, 1, 1], [3, 1])]]),
    );
    expect(await own.loss(step).item()).toBeCloseTo(sum / count, 4);
  });

  it('tells colours of frames in CIELAB, beside grey', () => {
    const own = part(1, { target: 'colours' });
    const [truth] = own.input!.tables!;
    const [frame, grey] = [Float32Array.of(30, -10), null].map((colours, index) =>
      sampleOf({ index, colours: () => colours, pixels: () => new Float32Array(1) }),
    );
    const among = companionsOf([frame!, grey!]);
    const example = own.input!.pick(choiceOf({ sample: frame!, among, size: 1 }));
    const table = Float32Array.from(example.tables!.get(truth!)!);
    expect(own.input!.pick(choiceOf({ sample: grey!, among, size: 1 })).drawn).toBe(0);
    const judge = own.judge([]);
    const images = blockOf({}, new Map([[truth!, table]]));
    judge.add(outputsOf(own.heads[0]!, Float32Array.of(0.5, 0)), [frame!], [1], images);
    const { results } = judge.done();
    expect(results.map(({ key, value, trivial }) => [key, value, trivial])).toEqual([
      ['recolourisation.a', expect.closeTo(5, 4), expect.closeTo(30, 4)],
      ['recolourisation.b', expect.closeTo(10, 4), expect.closeTo(10, 4)],
      ['recolourisation.bySize', expect.closeTo(7.5, 4), expect.closeTo(20, 4)],
    ]);
    expect(own.notice!([frame!, grey!])).toMatch(/1 image of 2 teach nothing, for they have no colour/);
    expect(() => own.check([grey!])).toThrow(/no training image is in colour\. Prepare frames/);
  });

  it('is judged map by map, beside usual maps and a heart that stands still', () => {
    const own = part(1);
    const training = [0, 3, 6].map((v, frame) =>
      sampleOf({ index: frame, frame, pixels: () => Float32Array.of(v) }),
    );
    const judge = own.judge(training);
    const [motion] = own.input!.tables!;
    const sample = sampleOf({ pixels: () => Float32Array.of(2) });
    const images = blockOf({}, new Map([[motion!, Float32Array.of(1, 1, 0.5, 0, 9, 9, 9, 9)]]));
    judge.add(
      outputsOf(own.heads[0]!, Float32Array.of(1.5, 1, 0, 0.25, 0, 0, 0, 0)),
      [sample, sample],
      [1, 0],
      images,
    );
    const { results, summary, notes } = judge.done();
    expect(results.map(({ key, value }) => [key, value])).toEqual([
      ['recolourisation.mean', 0.5],
      ['recolourisation.deviation', 0],
      ['recolourisation.cosine', 0.5],
      ['recolourisation.sine', 0.25],
      ['recolourisation.bySize', 0.3125],
    ]);
    // usual: less the image 0, deviation √6; still: 0
    expect(results.map(({ trivial }) => trivial)).toEqual([1, 1, 0.5, 0, 0.625]);
    expect(summary).toMatchObject({ images: 1, leftOut: 1 });
    expect(notes[1]).toBe('Images that task recolourisation left out: 1.');
    expect(judge.marks(1).map(({ kind }) => kind)).toEqual(new Array(5).fill('picture'));
  });

  it('is learnt on 8 images of two cycles', async () => {
    const { manifest, pixels } = eightImages();
    const images = manifest.images.map((image, i) => ({ ...image, subject: `${i >> 2}`, frame: i & 3 }));
    const data = { manifest: { ...manifest, images }, pixels };
    const { results } = await learntOnEight(device(), recolourisation, undefined, 150, data);
    expect(results.map(({ count }) => count)).toEqual([8, 8, 8, 8, 8]);
    const [mean, deviation, cosine, sine, all] = results.map(({ value, trivial }) => value! / trivial!);
    expect(mean).toBeLessThan(0.9);
    expect(deviation).toBeLessThan(0.7);
    expect(Math.max(cosine!, sine!, all!)).toBeLessThan(1);
  }, 120_000);

  it('of frames is learnt on 8 images, whose colour follows from how bright they are', async () => {
    const { manifest, pixels } = eightImages();
    const colours = Float32Array.from({ length: 2 * pixels.length }, (_, i) =>
      i % 2 === 0 ? 30 * Math.tanh(pixels[i >> 1]!) : 40 * Math.tanh(pixels[i >> 1]! - 1),
    );
    const settings = { target: 'colours', emphasis: 0.5 };
    const { results } = await learntOnEight(device(), recolourisation, settings, 150, {
      manifest,
      pixels,
      colours,
    });
    for (const { value, trivial } of results) expect(value! / trivial!).toBeLessThan(0.75);
  }, 120_000);
});
