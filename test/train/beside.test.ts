/** @file Target and pretext from two data sets: who trains on which, that nothing held out is among them, and that runs go on. */
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/base/errors.ts';
import { withUnlabelled } from '../../src/data/beside.ts';
import { subjectsOf } from '../../src/data/split.ts';
import { type PreparedData, type TrainingData, UNKNOWN } from '../../src/data/types.ts';
import { type GivenConfig, resolveConfig } from '../../src/run/config.ts';
import { subjectLines } from '../../src/run/datalines.ts';
import { planRun } from '../../src/run/plan.ts';
import { train } from '../../src/run/training.ts';
import { checkpointFile } from '../../src/train/checkpoint.ts';
import { splitOf, trainingImages, validationImages, withJoinedStreams } from '../../src/train/dataset.ts';
import { MemoryFiles } from '../../src/train/runfiles.ts';
import { metricsFile, parseRecords } from '../../src/train/runlog.ts';
import { weightsFile } from '../../src/train/weightsfile.ts';
import { useDevice } from '../device.ts';
import { plainKernels, type TrainingOptions, tinyConfig, tinyData } from './tiny.ts';

const device = useDevice(plainKernels);

/** Ten subjects with masks and without lines. */
function target(): PreparedData {
  const { manifest, pixels } = tinyData();
  const images = manifest.images.map((image) => ({ ...image, lines: [] }));
  const classes = ['background', 'organ'];
  const own = { ...manifest, version: 2, classes, referenceViews: [], images } as const;
  return { manifest: own, pixels, masks: new Uint8Array(pixels.length).map((_, i) => i % 2) };
}

/** Ten subjects with lines of other views in another order, and masks that nobody asked for. */
function scans(name = (subject: string) => subject.replace('subject', 'scan')): PreparedData {
  const { manifest, pixels } = tinyData();
  const images = manifest.images.map((image) => ({ ...image, subject: name(image.subject) }));
  const views = { referenceViews: ['4-chamber', '2-chamber'], targetView: 'short-axis' };
  return {
    manifest: { ...manifest, ...views, images },
    pixels: pixels.map((v) => v + 1),
    masks: new Uint8Array(pixels.length),
  };
}

const both: GivenConfig = {
  ...{ tasks: { segmentation: {}, orientation: {}, location: {} }, labelled: 2, testFraction: 0.2 },
};

describe('withUnlabelled', () => {
  it('has the images of both, each with its own lines and pixels, and masks of the first alone', () => {
    const [own, other] = [target(), scans()];
    const data = withUnlabelled(
      { ...own, manifest: { ...own.manifest, referenceViews: ['2-chamber'] } },
      other,
    );
    expect(data.manifest.referenceViews).toEqual(['2-chamber', '4-chamber']);
    const { images } = data.manifest;
    expect(images).toHaveLength(80);
    expect(images[3]).toMatchObject({ subject: 'subject0', lines: [null, null] });
    const [four, two] = other.manifest.images[5]!.lines;
    expect(images[45]).toMatchObject({ subject: 'unlabelled/scan1', lines: [two, four] });
    const pixelAt = (i: number) => data.pixels.subarray(i, i + 1)[0];
    expect([pixelAt(7), pixelAt(own.pixels.length + 7)]).toEqual([own.pixels[7], other.pixels[7]]);
    expect(data.masks!.subarray(0, own.pixels.length)).toEqual(own.masks);
    const behind = data.masks!.subarray(own.pixels.length, data.pixels.length);
    expect(behind.every((value) => value === UNKNOWN)).toBe(true);
  });

  it.each([
    ['size', 32, /size 32, data with 16/],
    ['spacingMm', 2, /spacingMm 2, data with 8/],
    ['targetView', 'sagittal', /targetView sagittal, data with short-axis/],
  ])('is refused for another %s', (key, value, message) => {
    const other = scans();
    const changed = { ...other, manifest: { ...other.manifest, [key]: value } };
    expect(() => withUnlabelled(target(), changed)).toThrow(ConfigError);
    expect(() => withUnlabelled(target(), changed)).toThrow(message);
  });
});

describe('unlabelled images beside', () => {
  const config = tinyConfig(both);
  const partsOf = (data: TrainingData) => splitOf(data, config, planRun(config, data.manifest));

  it('train what needs no masks, on whom the run’s own split has nothing to say', () => {
    const data = withUnlabelled(target(), scans());
    const plan = planRun(config, data.manifest);
    const split = partsOf(data);
    const alone = tinyConfig({ ...both, tasks: ['segmentation'] });
    const { rest, ...parts } = splitOf(target(), alone, planRun(alone, target().manifest));
    expect(split).toMatchObject(parts);
    expect(split.rest).toEqual([
      ...rest!,
      ...subjectsOf(data).filter((name) => name.startsWith('unlabelled/')),
    ]);
    const { streams } = withJoinedStreams(data, plan, split, 100);
    for (const stream of streams) {
      const images = trainingImages(data, stream, split);
      const beside = images.filter((index) => index >= 40).length;
      expect(beside).toBe(stream.labelled ? 0 : 40);
      expect(validationImages(data, stream, split, 100).every((index) => index < 40)).toBe(true);
    }
    const whole = { ...config, labelled: null };
    expect(splitOf(data, whole, plan).rest).toHaveLength(10);
  });

  it('leave out namesakes of who validates or tests, and say so', () => {
    const data = withUnlabelled(
      target(),
      scans((name) => name),
    );
    const { validation, test, rest } = partsOf(data);
    const held = [...validation, ...test].map((name) => `unlabelled/${name}`);
    expect(held).toHaveLength(4);
    expect(rest!.filter((name) => held.includes(name))).toEqual([]);
    expect(rest!.filter((name) => name.startsWith('unlabelled/'))).toHaveLength(6);
    const run = resolveConfig({ ...both, data: 'x', unlabelled: 'scans', validationFraction: 0.2 });
    const [labelled, beside] = subjectLines(data, run);
    expect(labelled).toMatch(/^Labelled: 2 labelled subjects train/);
    expect(beside).toMatch(
      /^Unlabelled: 6 subjects of scans, 24 images, for orientation and location; subject\d, /,
    );
    expect(beside).toMatch(/and 1 more left out, for subjects of these names validate or test$/);
  });

  it('need a task that can learn from them', () => {
    const masks: GivenConfig = { tasks: ['segmentation'], data: 'x', unlabelled: 'scans' };
    expect(() => resolveConfig(masks)).toThrow(
      /unlabelled is scans, but every task learns from masks or groups/,
    );
  });

  it('come to the same bytes when resumed, and teach what the target’s images cannot', async () => {
    const data = withUnlabelled(target(), scans());
    const given = { ...both, steps: 4, checkpointEvery: 2, validateEvery: 2 };
    const run = async (files: MemoryFiles, options: Partial<TrainingOptions> = {}) => {
      await train({ device: device(), data, config: tinyConfig(given), files, ...options });
      return files.files;
    };
    const whole = await run(new MemoryFiles());
    const text = new TextDecoder().decode(whole.get(metricsFile));
    for (const row of parseRecords<Record<string, number>>(text, metricsFile))
      expect(row.orientationLoss).toBeGreaterThan(0);
    const [stop, files] = [new AbortController(), new MemoryFiles()];
    await run(files, {
      signal: stop.signal,
      onProgress: (event) => event.kind === 'checkpoint' && stop.abort(),
    });
    const resumed = await run(files, { resume: true });
    for (const name of [weightsFile, checkpointFile]) expect(resumed.get(name)).toEqual(whole.get(name));
  });
});
