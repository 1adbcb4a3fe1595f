import { describe, expect, it } from 'vitest';
import { ConfigError, ShapeError, WeightError } from '../../src/base/errors.ts';
import { type Declarations, initialValues } from '../../src/models/declare.ts';
import type { StateDict } from '../../src/models/state.ts';
import { declareUNet, UNet, type UNetOptions, unetPresets } from '../../src/models/unet.ts';
import { decodeWeights, encodeWeights, readWeights } from '../../src/models/weights.ts';
import { zeros } from '../../src/tensor/create.ts';
import { poisoned } from '../check.ts';
import { useDevice } from '../device.ts';
import { goldenWeights } from '../goldens.ts';

const device = useDevice();

/** The golden network's options. */
const golden: UNetOptions = { ...unetPresets.zhang2024, width: 4, heatmaps: 2, dropout: 0 };
const goldenState = async (): Promise<StateDict> =>
  decodeWeights(await goldenWeights('initial'), 'initial').state;

const build = (options: UNetOptions) => poisoned(device(), () => new UNet(device(), options));

describe('UNet', () => {
  it('has the published number of parameters, statistics and entries', () => {
    const { parameterCount, parameters, statistics, counters } = declareUNet({
      ...unetPresets.zhang2024,
      heatmaps: 2,
    });
    expect(parameterCount).toBe(32_349_828);
    expect(statistics.reduce((sum, { shape }) => sum + shape[0]!, 0)).toBe(7_936);
    expect(parameters.length + statistics.length + counters.length).toBe(104);
  });

  it('is built for any depth, and without decoder or location head', () => {
    const names = (options: UNetOptions) => declareUNet(options).parameters.map(({ name }) => name);
    const shallow = names({ width: 4, depth: 2, heatmaps: 1, locationHead: false });
    expect(shallow.filter((name) => name.endsWith('0.weight'))).toEqual([
      'conv1.conv1.0.weight',
      'conv1.conv2.0.weight',
      'center.conv1.0.weight',
      'center.conv2.0.weight',
      'up_concat1.conv.conv1.0.weight',
      'up_concat1.conv.conv2.0.weight',
    ]);
    const encoder = names({ width: 4, heatmaps: 0, locationHead: true });
    expect(encoder.filter((name) => /^(up_|final)/.test(name))).toEqual([]);
    expect(encoder).toContain('global_layers.3.bias');
  });

  it('loads a PyTorch state dict and gives back the same bytes of every weight', async () => {
    using network = await build({ ...golden, seed: 5 });
    const state = await goldenState();
    network.loadStateDict(state);
    const { state: copy, metadata } = decodeWeights(
      encodeWeights(await readWeights(network), { step: '0' }),
      'copy',
    );
    expect(metadata).toEqual({ format: 'pt', step: '0' });
    expect([...copy.keys()].sort()).toEqual([...state.keys()].sort());
    for (const [name, weight] of state) expect(copy.get(name), name).toEqual(weight);
  });

  it('refuses a missing, an unexpected and a misshapen weight by name, and loads nothing then', async () => {
    using network = await build(golden);
    const before = await readWeights(network);
    const state = await goldenState();
    const altered = (change: (state: Map<string, unknown>) => void) => {
      const copy = new Map<string, unknown>(state);
      change(copy);
      return copy as unknown as StateDict;
    };
    const missing = altered((copy) => copy.delete('center.conv2.1.running_var'));
    const extra = altered((copy) => copy.set('fc.bias', state.get('final.bias')));
    const misshapen = altered((copy) => copy.set('final.weight', state.get('conv1.conv1.0.weight')));
    expect(() => network.loadStateDict(missing)).toThrow(/center\.conv2\.1\.running_var: .*\[64\].*missing/);
    expect(() => network.loadStateDict(extra)).toThrow(/fc\.bias: the model has no weight/);
    expect(() => network.loadStateDict(misshapen)).toThrow(/final\.weight: .*\[4, 1, 3, 3\].*\[2, 4, 1, 1\]/);
    expect(() => network.loadStateDict(misshapen)).toThrow(WeightError);
    expect(await readWeights(network)).toEqual(before);
  });

  it('transfers what fits to a network with other heads and reports the rest', async () => {
    using network = await build({ width: 4, heatmaps: 4, locationHead: false });
    const state = await goldenState();
    const { loaded, skipped } = network.loadCompatible(state);
    expect(loaded.length).toBe(94);
    expect([...skipped.keys()].map((name) => name.split('.')[0])).toEqual(
      expect.arrayContaining(['final', 'conv1_label', 'conv2_label', 'global_layers']),
    );
    expect(skipped.get('final.bias')).toMatch(/\[2\].*\[4\]/);
    const weights = await readWeights(network);
    expect(weights.get('up_concat2.up.weight')).toEqual(state.get('up_concat2.up.weight'));
  });

  it('refuses images it cannot halve to its depth, and options out of range', async () => {
    using network = await build({ width: 2, depth: 3, heatmaps: 1, locationHead: false });
    for (const shape of [
      [1, 8, 6, 1],
      [1, 8, 8, 2],
      [8, 8, 1],
    ])
      expect(() => network.forward(zeros(device(), shape), { training: false })).toThrow(ShapeError);
    for (const wrong of [{ depth: 1 }, { width: 1.5 }, { heatmaps: 0 }, { dropout: 1 }])
      expect(() => declareUNet({ width: 2, heatmaps: 1, locationHead: false, ...wrong })).toThrow(
        ConfigError,
      );
  });

  it('trains with dropout only when it is given random numbers', async () => {
    using network = await build({ width: 1, depth: 2, heatmaps: 0, locationHead: true });
    const x = zeros(device(), [2, 4, 4, 1]);
    expect(() => network.forward(x, { training: true })).toThrow(ConfigError);
    const random = zeros(device(), [2], 'u32');
    expect(network.forward(x, { training: true, random }).location!.shape).toEqual([2, 1]);
  });
});

describe('first weights', () => {
  const moments = (values: Float32Array) => {
    const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
    return { mean, std: Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length) };
  };
  const drawn = (declarations: Declarations, name: string, seed = 1) =>
    initialValues(declarations.parameters.find((declared) => declared.name === name)!, seed);
  const declarations = declareUNet({ width: 32, heatmaps: 2, locationHead: true });

  it('are Kaiming normal by fan-in, near 1 for batch norm and uniform ±1/√fan-in elsewhere', () => {
    const conv = moments(drawn(declarations, 'conv3.conv2.0.weight'));
    expect(conv.std).toBeCloseTo(Math.sqrt(2 / (128 * 9)), 3);
    expect(conv.mean).toBeCloseTo(0, 3);
    // PyTorch counts a transposed convolution's fan-in over its output channels
    expect(moments(drawn(declarations, 'up_concat3.up.weight')).std).toBeCloseTo(Math.sqrt(2 / (128 * 4)), 2);
    const norm = moments(drawn(declarations, 'center.conv1.1.weight'));
    expect(norm.mean).toBeCloseTo(1, 2);
    expect(norm.std).toBeCloseTo(0.02, 2);
    expect(moments(drawn(declarations, 'center.conv1.1.bias'))).toEqual({ mean: 0, std: 0 });
    for (const [name, fanIn] of [
      ['global_layers.0.weight', 512],
      ['final.bias', 32],
      ['conv4.conv1.0.bias', 1152],
    ] as const) {
      const values = drawn(declarations, name);
      expect(Math.max(...values.map(Math.abs)), name).toBeLessThanOrEqual(1 / Math.sqrt(fanIn));
      if (values.length > 100) expect(moments(values).std).toBeCloseTo(1 / Math.sqrt(3 * fanIn), 3);
    }
  });

  it('are scaled by headGain in the heatmaps’ convolution and nowhere else', () => {
    const options = { width: 4, heatmaps: 2, locationHead: true };
    const [plain, quiet] = [declareUNet(options), declareUNet({ ...options, headGain: 0.25 })];
    for (const { name } of plain.parameters.filter((declared) => !declared.name.startsWith('center.'))) {
      const factor = name.startsWith('final.') ? 0.25 : 1;
      const expected = drawn(plain, name).map((v) => factor * v);
      expect(
        drawn(quiet, name).every((v, i) => v === expected[i]),
        name,
      ).toBe(true);
    }
  });

  it('depend on the seed and the name alone', () => {
    const name = 'conv2.conv1.0.weight';
    const shallow = declareUNet({ width: 32, depth: 3, heatmaps: 5, locationHead: false });
    expect(drawn(shallow, name)).toEqual(drawn(declarations, name));
    expect(drawn(declarations, name, 2)).not.toEqual(drawn(declarations, name));
    expect(drawn(declarations, 'up_concat1.conv.conv1.0.bias')).not.toEqual(
      drawn(declarations, 'up_concat1.conv.conv2.0.bias'),
    );
  });
});
