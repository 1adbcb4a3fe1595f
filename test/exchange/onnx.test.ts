/** @file Exported networks beside onnxruntime: each head, odd depths and widths, any batch; every op that has a node. */
import { describe, expect, it } from 'vitest';
import { listenToOps } from '../../src/autograd/tapes.ts';
import { ConfigError, ExportError } from '../../src/base/errors.ts';
import { type LayerSpec, layers, Network, ops } from '../../src/core.ts';
import { exportOnnx } from '../../src/exchange/onnx/export.ts';
import { exportable } from '../../src/exchange/onnx/ops.ts';
import { resolveConfig } from '../../src/run/config.ts';
import { onnxOf, outputsOf } from '../../src/run/onnx.ts';
import { planRun } from '../../src/run/plan.ts';
import { tasks as records } from '../../src/tasks/index.ts';
import { tensor } from '../../src/tensor/create.ts';
import { buildNetwork } from '../../src/train/network.ts';
import type { ModelSection } from '../../src/train/settings.ts';
import { useDevice } from '../device.ts';
import { plainKernels } from '../train/tiny.ts';
import { noise, type Output, runOnnx, toPlanes } from './onnxruntime.ts';

const device = useDevice(plainKernels);

function expectClose(found: Output, values: Float32Array, dims: readonly number[]): void {
  expect(found.dims).toEqual(dims);
  const worst = found.data.reduce((most, value, i) => Math.max(most, Math.abs(value - values[i]!)), 0);
  const scale = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3);
  expect(worst / Math.max(1, scale)).toBeLessThan(1e-4);
  // numbers that say something
  expect(values.some((value) => value !== 0)).toBe(true);
}

const orientation = { weight: 1, sigmaMm: 7.56, gain: 1 };
const pooled = { weight: 1, hidden: 7, dropout: 0.5 };
const segmentation = { weight: 1, crossEntropy: 1, dice: 0, classWeights: 'equal', chambers: [] };
const data = {
  ...{ spacingMm: 2, targetView: 'short-axis', referenceViews: ['2-chamber', '4-chamber'] },
  classes: ['background', 'right ventricle', 'myocardium', 'left ventricle'],
};

/** A network with weights and running statistics that are not those it begins with. */
function trainedOn(model: { width: number; depth: number } | ModelSection, tasks: object, size: number) {
  const section = 'name' in model ? model : { name: 'unet', unusedLayers: true, ...model };
  const config = { model: section, tasks: tasks as never };
  const info = { version: 2, steps: 3, ...config, ...data, size } as const;
  const plan = planRun(config, info);
  const network = buildNetwork(device(), plan, { seed: 5 });
  for (const [i, [name, statistic]] of [...network.statistics].entries()) {
    const values = noise([statistic.size], i + 1);
    statistic.write(name.endsWith('running_var') ? values.map((v) => 0.5 + v * v) : values);
  }
  return { network, plan, info };
}

describe('a network as ONNX', () => {
  const cases = [
    { title: 'each head alone: lines', model: { width: 4, depth: 3 }, tasks: { orientation }, size: 16 },
    { title: 'location', model: { width: 3, depth: 2 }, tasks: { location: pooled }, size: 10 },
    { title: 'rotation', model: { width: 5, depth: 4 }, tasks: { rotation: pooled }, size: 24 },
    { title: 'segmentation', model: { width: 6, depth: 3 }, tasks: { segmentation }, size: 12 },
    {
      title: 'all heads together, two of one name',
      model: { width: 3, depth: 5 },
      tasks: { orientation, location: pooled, rotation: pooled, segmentation },
      size: 32,
    },
    {
      title: 'ResNet-50 U-Net, heatmaps as sigmoids',
      model: { name: 'resnetUnet', width: 2 },
      tasks: { orientation: { ...orientation, output: 'sigmoid' }, location: pooled },
      size: 32,
    },
    {
      title: 'DeepLabV3',
      model: { name: 'deeplab', width: 1, momentum: 0.1 },
      tasks: { orientation, location: pooled },
      size: 40,
    },
    {
      title: 'AlexNet U-Net',
      model: { name: 'alexnetUnet', width: 2, pixels: 3 },
      tasks: { segmentation, location: pooled },
      size: 64,
    },
  ];

  it.each(cases)('gives in onnxruntime what it gives here: $title', async ({ model, tasks, size }) => {
    const trained = trainedOn(model, tasks, size);
    const { bytes: file, weights } = await onnxOf(trained);
    expect(Buffer.compare((await onnxOf(trained)).bytes, file)).toBe(0);
    expect(weights.some((name) => /conv\d_label|num_batches/.test(name))).toBe(false);
    for (const batch of [1, 3]) {
      const shape = [batch, size, size, 1];
      const images = noise(shape);
      const found = await runOnnx(file, images, shape);
      const { output } = trained.network.run(tensor(device(), images, shape), { training: false });
      const named = outputsOf(trained.plan);
      expect(Object.keys(found).sort()).toEqual(named.map(({ name }) => name).sort());
      for (const { name, path } of named) {
        const own = output(trained.plan.heads.find((head) => head.path === path)!);
        const values = (await own.read()) as Float32Array;
        const { shape: here } = own;
        const dims = here.length === 2 ? here : [here[0]!, here[3]!, here[1]!, here[2]!];
        expectClose(found[name]!, here.length === 2 ? values : toPlanes(values, here), dims);
      }
    }
    trained.network.dispose();
  });

  it('leaves out heads that read groups of images, and is refused where there are no others', async () => {
    const jigsaw = { weight: 1, orders: 3, features: 2, hidden: 4 };
    const both = trainedOn({ width: 2, depth: 2 }, { jigsaw, location: pooled }, 16);
    expect(outputsOf(both.plan).map(({ name }) => name)).toEqual(['location.global_layers']);
    const { weights } = await onnxOf(both);
    expect(weights.some((name) => name.startsWith('jigsaw'))).toBe(false);
    expect(weights).toContain('global_layers.3.weight');
    const alone = trainedOn({ width: 2, depth: 2 }, { jigsaw }, 16);
    expect(() => onnxOf(alone)).toThrow(ConfigError);
    expect(() => onnxOf(alone)).toThrow('jigsaw reads images in groups');
    for (const { network } of [both, alone]) network.dispose();
  });

  it.each(records.map(({ name }) => name))('names each channel of %s, or none', (name) => {
    const facts = { ...data, size: 96, groupNames: { pathology: ['DCM', 'NOR'] } };
    const plan = planRun(resolveConfig({ tasks: [name], size: 96 }), facts);
    const [{ part }] = plan.tasks as [(typeof plan.tasks)[number]];
    if (part.channels) expect(part.channels).toHaveLength(part.heads[0]!.channels);
    for (const { about } of outputsOf(plan)) expect(about).toMatch(/for each (pixel|image)/);
  });

  it('tells maps and numbers of several heads apart', () => {
    const aboutOf = (name: string) => {
      const plan = planRun(resolveConfig({ tasks: [name], size: 96 }), { ...data, size: 96 });
      return outputsOf(plan).map(({ about }) => about);
    };
    expect(aboutOf('reconstruction')).toEqual([expect.stringMatching(/, for each pixel$/)]);
    expect(aboutOf('selfLoop')).toEqual([
      expect.stringMatching(
        /for each pixel, channels: background; right ventricle; myocardium; left ventricle$/,
      ),
      expect.stringMatching(/another head: \d+ numbers for each image$/),
    ]);
  });

  it('names outputs by task and head, and says how to prepare images', async () => {
    const trained = trainedOn({ width: 2, depth: 2 }, { orientation, segmentation, location: pooled }, 8);
    expect(outputsOf(trained.plan).map(({ name }) => name)).toEqual([
      'orientation.final',
      'segmentation.final',
      'location.global_layers',
    ]);
    const about = new Map(outputsOf(trained.plan).map((own) => [own.name, own.about]));
    expect(about.get('segmentation.final')).toMatch(/, for each pixel, channels: background; .+; .+/);
    expect(about.get('orientation.final')).toMatch(/, for each pixel, channels: 2-chamber; 4-chamber$/);
    expect(about.get('location.global_layers')).toMatch(/, for each image$/);
    const text = new TextDecoder('latin1').decode((await onnxOf(trained)).bytes);
    for (const part of [
      'spacing_mm',
      'normalisation',
      'target_view',
      'short-axis',
      'left ventricle',
      'opset',
    ])
      expect(text).toContain(part);
    // initializers have PyTorch's names
    for (const name of ['conv1.conv1.0.weight', 'up_concat1.up.bias', 'global_layers.3.weight'])
      expect(text).toContain(name);
    expect(text).not.toContain('conv1_label');
    trained.network.dispose();
  });
});

/** A layer of one function, an image of three channels. */
const of = (fn: Parameters<typeof layers.activation>[0]): LayerSpec => layers.activation(fn);

const row = (values: readonly number[]) => tensor(device(), Float32Array.from(values), [values.length]);

/** Layers that come to every op that has a node, on images [N, 6, 9, 4]. */
const specs: Readonly<Record<string, () => LayerSpec>> = {
  'convolutions, strided, padded unevenly, dilated': () =>
    layers.sequential([
      layers.conv2d({ channelsIn: 4, channelsOut: 6, kernel: 3, stride: 2, padding: 1, relu: true }),
      layers.conv2d({ channelsIn: 6, channelsOut: 5, kernel: [2, 3], padding: [1, 0, 2, 1], bias: false }),
      layers.conv2d({ channelsIn: 5, channelsOut: 4, kernel: 2, dilation: 2, padding: 'same' }),
    ]),
  'in groups, depthwise': () =>
    layers.sequential([
      layers.conv2d({ channelsIn: 4, channelsOut: 8, kernel: 3, groups: 2, stride: [2, 1] }),
      layers.conv2d({ channelsIn: 8, channelsOut: 8, kernel: 2, groups: 8 }),
    ]),
  transposed: () =>
    layers.sequential([
      layers.convTranspose2d({
        channelsIn: 4,
        channelsOut: 6,
        kernel: 3,
        stride: 2,
        padding: 1,
        outputPadding: 1,
      }),
      layers.convTranspose2d({ channelsIn: 6, channelsOut: 4, kernel: 2, stride: [1, 3], groups: 2 }),
      layers.convTranspose2d({ channelsIn: 4, channelsOut: 3, kernel: 2, stride: 2, relu: true }),
    ]),
  'norms of the image': () =>
    layers.sequential([
      layers.groupNorm(2, 4),
      layers.instanceNorm2d(4, { affine: true }),
      layers.layerNorm(4),
      layers.rmsNorm([9, 4]),
    ]),
  'batch norms of two ranks, without weights too': () =>
    layers.sequential([
      layers.batchNorm(4, { affine: false, epsilon: 0.1 }),
      layers.globalAvgPool(),
      layers.batchNorm(4),
      layers.relu(),
      layers.batchNorm(4, { affine: false }),
    ]),
  pools: () =>
    layers.sequential([
      layers.maxPool2d(3, { stride: 1, padding: 1 }),
      layers.avgPool2d([2, 3], { padding: [1, 0] }),
    ]),
  'mean over what is in the image': () =>
    layers.avgPool2d(3, { stride: 2, padding: 1, countIncludePad: false }),
  'resizing, nearest': () => layers.upsample({ scale: [2, 3] }),
  'resizing, bilinear': () => layers.upsample({ mode: 'bilinear', size: [13, 11] }),
  'resizing, corners on corners': () => layers.upsample({ mode: 'bilinear', scale: 2, alignCorners: true }),
  flatten: () => layers.sequential([layers.flatten(), layers.linear(6 * 9 * 4, 5), layers.softmax()]),
  'linear on pixels': () => layers.sequential([layers.linear(4, 7), layers.silu(), layers.linear(7, 2)]),
  activations: () =>
    layers.sequential([
      ...[layers.gelu(), layers.gelu({ approximate: 'tanh' }), layers.leakyRelu(0.2), layers.tanh()],
      ...[layers.sigmoid(), of((x) => ops.log(ops.add(ops.square(x), 0.5))), layers.relu(), layers.silu()],
    ]),
  'further functions': () =>
    of((x) =>
      ops.add(
        ops.multiply(ops.softplus(x), ops.exp(ops.negate(ops.abs(x)))),
        ops.subtract(ops.sqrt(ops.abs(x)), ops.rsqrt(ops.add(ops.square(x), 1))),
      ),
    ),
  'clamp, elu and powers': () =>
    of((x) => ops.add(ops.elu(ops.clamp(x, { min: -1, max: 0.5 })), ops.pow(ops.add(ops.abs(x), 1), 1.5))),
  'two tensors, of one and of two ranks': () =>
    of((x) => {
      const pooledRow = ops.globalMaxPool(x);
      const wide = ops.reshape(pooledRow, [-1, 1, 1, 4]);
      return ops.divide(
        ops.maximum(ops.multiply(x, wide), row([0, 1, -1, 2])),
        ops.subtract(3, ops.minimum(x, 2)),
      );
    }),
  'concat, slices, padding': () =>
    of((x) => {
      const [a, b] = ops.split(x, [1, 3]);
      const turned = ops.concat([b!, a!, x.channels(1, 3)]);
      return ops.pad(ops.slice(turned, 1, 5, 2), 1, 2, 1);
    }),
  'sums over axes': () =>
    of((x) => ops.add(ops.sum(x, { axes: [1], keepDims: true }), ops.mean(x, { axes: [3], keepDims: true }))),
  'sums that drop an axis': () => of((x) => ops.max(x, { axes: [1] })),
  'products, permuted': () =>
    of((x) => ops.matmul(ops.permute(x, [0, 2, 1, 3]), ops.permute(x, [0, 2, 1, 3]), { transposeB: true })),
  'whole numbers and back': () => of((x) => ops.cast(ops.cast(x, 'i32'), 'f32')),
  'log softmax over rows': () => of((x) => ops.logSoftmax(x, { axis: 1 })),
};

/** Ops that were exported here. */
const seen = new Set<string>();

async function outputOf(spec: LayerSpec, batch: number) {
  const shape = [batch, 6, 9, 4];
  const images = noise(shape);
  const network = new Network(device(), spec, { seed: 3 });
  for (const statistic of network.statistics.values())
    statistic.write(noise([statistic.size]).map((v) => 2 + v / 2));
  const { bytes: file } = await exportOnnx(
    {
      device: device(),
      named: network.stateDict(),
      image: [6, 9, 4],
      forward: (x) => new Map([['y', network.forward(x, { training: false })]]),
    },
    { name: 'one', about: '', outputs: {}, metadata: {} },
  );
  const { y } = await runOnnx(file, images, shape);
  const own = listenToOps(
    ({ op }) => seen.add(op.name),
    () => network.forward(tensor(device(), images, shape), { training: false }),
  );
  const values = (await own.read()) as Float32Array;
  network.dispose();
  return { y: y!, values, shape: own.shape };
}

describe('ops as nodes', () => {
  it.each(Object.keys(specs))('%s', async (name) => {
    for (const batch of [1, 3]) {
      const { y, values, shape } = await outputOf(specs[name]!(), batch);
      const dims = [shape[0]!, ...(shape.length > 2 ? [shape.at(-1)!] : []), ...shape.slice(1, -1)];
      const all = shape.length > 2 ? dims : shape;
      expectClose(y, shape.length > 2 ? toPlanes(values, shape) : values, all);
    }
  });

  it('are all tried above', () => {
    expect(exportable.filter((op) => !seen.has(op))).toEqual([]);
  });

  it('an op without a node is named', async () => {
    const network = new Network(
      device(),
      of((x) => ops.where(ops.greater(x, 0), x, 1)),
    );
    const source = {
      ...{ device: device(), named: network.stateDict(), image: [4, 4, 1] as const },
      forward: (x: Parameters<typeof network.forward>[0]) =>
        new Map([['y', network.forward(x, { training: false })]]),
    };
    const told = { name: 'one', about: '', outputs: {}, metadata: {} };
    const failed = exportOnnx(source, told);
    await expect(failed).rejects.toThrow(ExportError);
    await expect(failed).rejects.toThrow(/greater|compare|where/);
    const mixing = { ...source, forward: (x: never) => new Map([['y', ops.reshape(x, [-1])]]) };
    await expect(exportOnnx(mixing as never, told)).rejects.toThrow(ExportError);
    network.dispose();
  });
});
