import { describe, expect, it } from 'vitest';
import { FileError } from '../../src/base/errors.ts';
import { applyAffine, identityAffine } from '../../src/data/affine.ts';
import { pixelToWorld, worldToPixel } from '../../src/data/geometry.ts';
import { cropMap } from '../../src/data/resample.ts';
import type { ScannedImage } from '../../src/data/scan.ts';
import type { ImagePlane } from '../../src/data/types.ts';
import { UNet } from '../../src/models/unet.ts';
import { encodeWeights, readWeights } from '../../src/models/weights.ts';
import { only } from '../../src/results/mark.ts';
import { trainConfigOf } from '../../src/run/config.ts';
import { train } from '../../src/run/training.ts';
import type { InitReport } from '../../src/train/init.ts';
import { judgeImages } from '../../src/train/judge.ts';
import { MemoryFiles } from '../../src/train/runfiles.ts';
import { configOf } from '../../web/work/forms.ts';
import { heartLibrary, prepareHearts } from '../../web/work/hearts.ts';
import { type Library, preparedLibrary, studyInfo } from '../../web/work/library.ts';
import { predictStudy } from '../../web/work/predict.ts';
import { openWeights, startWeights, summaryOf } from '../../web/work/weights.ts';
import { stored, storedValues, type Way, ways } from '../data/storedways.ts';
import { useDevice } from '../device.ts';

const device = useDevice();
const hearts = { subjects: 1, difficulty: 'easy', phases: 1, imageSize: 48, seed: 2 } as const;
const grid = { size: 16, spacingMm: 16 };
const file = (name: string) => ({ name: `${name}.safetensors`, own: false });
const options = { width: 4, depth: 3, heatmaps: 2, locationHead: true, hidden: 8, seed: 5 };

/** A state dict as PyTorch would save it: names and shapes, no word about anything else. */
async function bareWeights(): Promise<Uint8Array> {
  using network = new UNet(device(), options);
  return encodeWeights(await readWeights(network));
}

describe('weights', () => {
  it('a bare state dict is understood from its shapes; what it does not say comes from the data', async () => {
    const { manifest } = await prepareHearts(hearts, grid);
    const loaded = await openWeights(device(), await bareWeights(), file('bare'), manifest);
    expect(loaded.info).toMatchObject({
      model: { name: 'unet', width: 4, depth: 3, unusedLayers: false },
      tasks: { orientation: { weight: 1 }, location: { hidden: 8 } },
    });
    expect(summaryOf(loaded)).toMatchObject({
      ...grid,
      described: false,
      tells: [
        'where the 2-chamber and 4-chamber planes cut an image',
        'how far along its stack a slice lies',
      ],
      referenceViews: ['2-chamber', '4-chamber'],
      plansLines: true,
      steps: null,
    });
    loaded.network.dispose();
  });

  it('weights of another network are refused by what they start with', async () => {
    const weight = { shape: [2, 2], values: new Float32Array(4) };
    const bytes = encodeWeights(new Map([['layer1.0.weight', weight]]));
    await expect(openWeights(device(), bytes, file('resnet'), null)).rejects.toThrow(FileError);
    await expect(openWeights(device(), bytes, file('resnet'), null)).rejects.toThrow(/layer1\.0\.weight/);
  });

  it('a weight of the wrong shape is named, with its file, and nothing is left on the device', async () => {
    using network = new UNet(device(), options);
    const state = new Map(await readWeights(network));
    const before = device().memory.liveBytes;
    state.set('up1.weight', { shape: [3, 3], values: new Float32Array(9) });
    const name = [...state.keys()].find((key) => key.startsWith('conv2.conv2'))!;
    state.set(name, { shape: [1], values: new Float32Array(1) });
    const opened = openWeights(device(), encodeWeights(state), file('odd'), null);
    await expect(opened).rejects.toThrow(
      /^odd\.safetensors: does not fill the network it should belong to: /,
    );
    await expect(opened).rejects.toThrow(FileError);
    expect(device().memory.liveBytes).toBe(before);
  });

  it('a description that is damaged is told as such', async () => {
    const network = JSON.stringify(options);
    for (const planewise of ['{"tasks', '{"network":{"width":0}}', '{}', `{"network":${network}}`]) {
      using source = new UNet(device(), options);
      const bytes = encodeWeights(await readWeights(source), { planewise });
      const opened = openWeights(device(), bytes, file('torn'), null);
      await expect(opened, planewise).rejects.toThrow(/^torn\.safetensors: /);
    }
  });
});

describe('weights to start from', () => {
  it('are taken by a training that has their model, but for heads of other tasks', async () => {
    const data = await prepareHearts(hearts, grid);
    const bytes = await bareWeights();
    const weights = await openWeights(device(), bytes, file('bare'), data.manifest);
    const start = startWeights(weights, bytes);
    weights.network.dispose();
    const form = { preset: 'small', tasks: ['location'], init: true, batch: 2, steps: 1 } as const;
    const config = configOf({ ...form, learningRate: 1e-3, seed: 1 }, data.manifest, start.model);
    expect(config.model).toEqual(start.model);
    let report: InitReport | undefined;
    await train({
      ...{ device: device(), data, files: new MemoryFiles(), init: start.weights },
      config: { ...trainConfigOf(config), validationFraction: 0, testFraction: 0 },
      onProgress: (event) => {
        if (event.kind === 'init') report = event.report;
      },
    });
    expect(report!.fresh).toContain('global_layers.0.weight');
    expect([...report!.skipped.keys()]).toEqual(
      expect.arrayContaining(['final.weight', 'global_layers.0.weight']),
    );
    expect(report!.loaded).toContain('conv1.conv1.0.weight');
  });
});

/** The same studies with short axes stored so. */
function storedOtherwise(library: Library, way: Way): Library {
  const originals = new Map<ScannedImage, ScannedImage>();
  const subjects = new Map<string, readonly ScannedImage[]>();
  const otherwise = (image: ScannedImage): ScannedImage => {
    const { header } = image;
    if (library.viewOf(image) !== 'short-axis') return image;
    const own = { ...image, header: { ...header, plane: stored(header.plane, way) } };
    originals.set(own, image);
    return own;
  };
  return {
    ...library,
    images: (subject) => {
      const own = subjects.get(subject) ?? library.images(subject).map(otherwise);
      subjects.set(subject, own);
      return own;
    },
    viewOf: (image) => library.viewOf(originals.get(image) ?? image),
    read: async (image) => {
      const original = originals.get(image);
      if (!original) return library.read(image);
      const { rows, columns } = image.header.plane;
      const { values } = await library.read(original);
      return { rows, columns, values: storedValues(Float32Array.from(values), original.header.plane, way) };
    },
  };
}

describe('predictions of a study', () => {
  it('are those of its prepared images, beside the same true lines and locations', async () => {
    const data = await prepareHearts(hearts, grid);
    const library = heartLibrary(hearts);
    const weights = await openWeights(device(), await bareWeights(), file('bare'), data.manifest);
    const request = { subject: 'patient001', stack: 0, frame: 0 };
    const study = await predictStudy(library, weights, { ...request, slice: null });
    const indices = data.manifest.images.map((_, i) => i);
    const options = { batch: 8, training: () => [], show: indices };
    const expected = await judgeImages(weights.network, data, weights.plan.tasks, indices, options);
    expect(study.results).toEqual(expected.verdicts.flatMap(({ results }) => results));
    const [stack] = studyInfo(library, 'patient001').stacks;
    for (const { slice, findings, toGrid } of study.slices) {
      expect(findings).toEqual(expected.shown[slice]!.findings);
      expect(toGrid).toEqual(cropMap(stack!.slices[slice]!.plane, grid.size, grid.spacingMm));
      const image = data.manifest.images[slice]!;
      const marks = findings.flatMap((finding) => finding.marks);
      const truth = only(marks, 'line').filter(({ of }) => of === 'truth');
      expect(truth.map(({ line }) => line)).toEqual(image.lines);
      expect(only(marks, 'scale').map((mark) => mark.truth)).toEqual([image.location]);
      expect(only(marks, 'heat').map(({ of }) => of)).toEqual(['predicted', 'predicted', 'truth', 'truth']);
    }
    const one = await predictStudy(library, weights, { ...request, slice: 4 });
    expect(one.slices.map(({ slice, toGrid }) => [slice, toGrid])).toEqual([[4, study.slices[4]!.toGrid]]);
    // another batch, other kernels: not the same bits
    const heats = [one.slices[0]!, study.slices[4]!].map(({ findings }) =>
      only(
        findings.flatMap(({ marks }) => marks),
        'heat',
      ),
    );
    for (const [i, { values }] of heats[0]!.entries())
      for (const [k, value] of values.entries()) expect(value).toBeCloseTo(heats[1]![i]!.values[k]!, 5);
    weights.network.dispose();
  });

  it.each([3, 4, 5])('are the same however its images are stored (way %s)', async (which) => {
    const data = await prepareHearts(hearts, grid);
    const plain = heartLibrary(hearts);
    const weights = await openWeights(device(), await bareWeights(), file('bare'), data.manifest);
    const turned = storedOtherwise(plain, ways[which]!);
    const request = { subject: 'patient001', stack: 0, frame: 0, slice: null };
    const [one, other] = [
      await predictStudy(plain, weights, request),
      await predictStudy(turned, weights, request),
    ];
    for (const [i, { value }] of one.results.entries())
      expect(other.results[i]!.value).toBeCloseTo(value!, 3);
    const planesOf = (library: Library) =>
      studyInfo(library, 'patient001').stacks[0]!.slices.map(({ plane }) => plane);
    const [was, is] = [planesOf(plain), planesOf(turned)];
    for (const { slice, toGrid } of other.slices)
      for (const [x, y] of [
        [0, 0],
        [11, 30],
      ] as const) {
        const there = worldToPixel(was[slice]!, pixelToWorld(is[slice]!, x, y));
        const expected = applyAffine(one.slices[slice]!.toGrid, there.x, there.y);
        for (const [axis, v] of applyAffine(toGrid, x, y).entries())
          expect(v).toBeCloseTo(expected[axis]!, 6);
      }
    weights.network.dispose();
  });

  it('shows prepared images as they lie, which may be as a file without places had them', async () => {
    const data = await prepareHearts(hearts, grid);
    const across: Pick<ImagePlane, 'rowDirection' | 'columnDirection'> = {
      rowDirection: [-1, 0, 0],
      columnDirection: [0, -1, 0],
    };
    const images = data.manifest.images.map((image, i) => ({
      ...image,
      plane: { ...image.plane, ...across, position: [0, 0, 8 * i] as const },
    }));
    const weights = await openWeights(device(), await bareWeights(), file('bare'), data.manifest);
    const library = preparedLibrary({ ...data, manifest: { ...data.manifest, images } });
    const { slices } = await predictStudy(library, weights, {
      subject: 'patient001',
      stack: 0,
      frame: 0,
      slice: null,
    });
    expect(slices).toHaveLength(images.length);
    for (const { toGrid } of slices)
      for (const [i, v] of toGrid.entries()) expect(v).toBeCloseTo(identityAffine[i]!, 9);
    weights.network.dispose();
    weights.network.dispose();
  });
});
