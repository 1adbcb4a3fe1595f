/** @file Weights to and from PyTorch: the authors' network gives PyTorch's outputs, and heads of one name find their tasks. */
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { ConfigError, FileError } from '../../src/base/errors.ts';
import { shapesOf } from '../../src/exchange/names.ts';
import { encodeNpz } from '../../src/exchange/npz.ts';
import { decodeState } from '../../src/exchange/statefile.ts';
import { exportState, importWeights, readDescribed } from '../../src/run/exchange.ts';
import { onnxOf } from '../../src/run/onnx.ts';
import { planRun } from '../../src/run/plan.ts';
import { presets } from '../../src/run/presets.ts';
import { loadTrained } from '../../src/run/trained.ts';
import { tensor } from '../../src/tensor/create.ts';
import { useDevice } from '../device.ts';
import { runOnnx, toPlanes } from '../exchange/onnxruntime.ts';
import { goldenRun } from '../goldens.ts';
import { plainKernels } from '../train/tiny.ts';
import { facts, fileOf, location, orientation, segmentation } from './anyweights.ts';

const device = useDevice(plainKernels);

const numpy = async () =>
  new Uint8Array(await readFile(new URL('../goldens/exchange/unet.npz', import.meta.url)));

/** Equal bytes; the test runner compares large arrays slowly. */
const expectSame = (found: Uint8Array, expected: Uint8Array): void =>
  expect(Buffer.compare(found, expected)).toBe(0);

const four = ['background', 'right ventricle', 'myocardium', 'left ventricle'];

describe('the authors’ network', () => {
  it('has their parameters, by their names', () => {
    const { zhang2024 } = presets;
    const plan = planRun(zhang2024, facts);
    const shapes = [...shapesOf(plan)].filter(([name]) => !/running|num_batches/.test(name));
    const count = shapes.reduce((sum, [, shape]) => sum + shape.reduce((n, side) => n * side, 1), 0);
    expect(count).toBe(32_349_828);
    expect(shapes.map(([name]) => name)).toEqual(
      expect.arrayContaining([
        'conv1_label.weight',
        'conv2_label.bias',
        'final.weight',
        'global_layers.3.bias',
      ]),
    );
  });

  it('from numpy’s file gives PyTorch’s outputs, here and as ONNX', async () => {
    const made = await importWeights(await numpy(), 'unet.npz');
    expect([...made.left]).toEqual([]);
    expect(made.taken).toHaveLength(104);
    using network = (await loadTrained(device(), made.bytes, 'unet')).network;
    const { batch, evaluated } = await goldenRun();
    const trained = await loadTrained(device(), made.bytes, 'unet');
    const { images } = batch;
    const { output } = network.run(tensor(device(), images.data as Float32Array, images.shape), {
      training: false,
    });
    const [heatmaps, place] = network.heads;
    const here = [await output(heatmaps!).read(), await output(place!).read()] as Float32Array[];
    const theirs = [evaluated.heatmaps, evaluated.location];
    // the model is of the size that the file is taken to be for; that of the golden images is smaller
    const info = { ...trained.info, size: images.shape[1]! };
    const { bytes: model } = await onnxOf({ ...trained, info });
    const found = await runOnnx(model, images.data as Float32Array, images.shape);
    trained.network.dispose();
    for (const [i, { data, shape }] of theirs.entries()) {
      const scale = Array.from(data).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const far = (own: ArrayLike<number>, other: ArrayLike<number>): number =>
        Array.from(own).reduce((most, value, n) => Math.max(most, Math.abs(value - other[n]!)), 0) / scale;
      expect(far(here[i]!, data)).toBeLessThan(1e-4);
      const name = ['orientation.final', 'location.global_layers'][i]!;
      expect(far(found[name]!.data, i === 0 ? toPlanes(data as Float32Array, shape) : data)).toBeLessThan(
        1e-4,
      );
    }
  });

  it('comes as DataParallel names it, and without counts', async () => {
    const { state } = await decodeState(await numpy(), 'unet');
    const wrapped = new Map([...state].map(([name, weight]) => [`module.${name}`, weight]));
    const made = await importWeights(encodeNpz(wrapped), 'w.npz');
    expectSame(made.bytes, (await importWeights(await numpy(), 'unet.npz')).bytes);
    const bare = new Map([...state].filter(([name]) => !name.endsWith('num_batches_tracked')));
    const zero = await importWeights(encodeNpz(bare), 'w.npz');
    expect(zero.renamed).toEqual([
      expect.stringMatching(/^By names and shapes: /),
      '10 counts num_batches_tracked are 0',
    ]);
    expect(zero.taken).toHaveLength(94);
  });
});

describe('there and back', () => {
  it('gives the same bytes', async () => {
    const { bytes } = fileOf({ orientation, location, segmentation }, four);
    const read = await readDescribed(bytes, 'w');
    const out = exportState(read, 'safetensors');
    expectSame(out.bytes, bytes);
    expectSame((await importWeights(out.bytes, 'w')).bytes, bytes);
    const npz = exportState(read, 'npz');
    expectSame((await importWeights(npz.bytes, 'w.npz', { like: read })).bytes, bytes);
  });

  it('gives the name that several heads want to the task that is asked for', async () => {
    const { bytes, state } = fileOf({ orientation, location, segmentation }, four);
    const read = await readDescribed(bytes, 'w');
    const out = exportState(read, 'npz', 'segmentation');
    expect(out.renamed).toEqual(['segmentation.final is final']);
    expect([...out.left.keys()]).toEqual(['orientation.final.weight', 'orientation.final.bias']);
    expect([...out.left.values()][0]).toMatch(/head of task orientation/);
    const named = (await decodeState(out.bytes, 'w.npz')).state;
    expect(named.get('final.weight')).toEqual(state.get('segmentation.final.weight'));
    expect(named.has('global_layers.0.weight')).toBe(true);
    expect([...named.keys()].some((name) => name.includes('segmentation'))).toBe(false);
    // what is renamed does not claim to be the network's file
    const renamed = await decodeState(exportState(read, 'safetensors', 'segmentation').bytes, 'w');
    expect(renamed.metadata).toEqual({ format: 'pt' });
    expect(() => exportState(read, 'npz', 'rotation')).toThrow(ConfigError);
  });

  it('finds by shape whose head a name is, and asks where that leaves several', async () => {
    const together = fileOf({ orientation, segmentation }, four);
    const like = await readDescribed(together.bytes, 'w');
    const final = (channels: number) => {
      const state = new Map(together.state);
      for (const name of ['weight', 'bias']) {
        const from = state.get(`segmentation.final.${name}`)!;
        const shape = [channels, ...from.shape.slice(1)];
        const values = from.values.slice(
          0,
          shape.reduce((n, side) => n * side, 1),
        );
        state.delete(`segmentation.final.${name}`);
        state.set(`final.${name}`, { ...from, shape, values });
      }
      return encodeNpz(state);
    };
    const made = await importWeights(final(4), 'w.npz', { like });
    expect(made.renamed).toEqual(['final is segmentation.final']);
    expectSame(made.bytes, together.bytes);
    // two views and two classes: the shapes are one
    const alike = fileOf({ orientation, segmentation }, four.slice(0, 2));
    const state = new Map(
      [...alike.state].map(
        ([name, weight]) => [name.replace('segmentation.final', 'final'), weight] as const,
      ),
    );
    const twins = await readDescribed(alike.bytes, 'w');
    await expect(importWeights(encodeNpz(state), 'w.npz', { like: twins })).rejects.toThrow(
      /final fits the heads of orientation and segmentation\. Say whose it is with --task/,
    );
    const said = await importWeights(encodeNpz(state), 'w.npz', { like: twins, task: 'segmentation' });
    expectSame(said.bytes, alike.bytes);
  });

  it('names file and entry where nothing fits or something is missing', async () => {
    const { bytes, state } = fileOf({ orientation }, []);
    const like = await readDescribed(bytes, 'w');
    const other = new Map([['features.0.weight', { shape: [2], values: Float32Array.of(1, 2) }]]);
    const nothing = importWeights(encodeNpz(other), 'other.npz', { like });
    await expect(nothing).rejects.toThrow(FileError);
    await expect(nothing).rejects.toThrow(
      /^other\.npz: holds nothing that fits.*features\.0\.weight: the model has/,
    );
    await expect(importWeights(encodeNpz(other), 'o.npz')).rejects.toThrow(/^o\.npz: .*features\.0\.weight/);
    await expect(importWeights(encodeNpz(new Map()), 'empty.npz', { like })).rejects.toThrow(/^empty\.npz: /);
    const turned = new Map(state);
    const weight = state.get('center.conv1.0.weight')!;
    turned.set('center.conv1.0.weight', { ...weight, shape: [...weight.shape].reverse() });
    await expect(importWeights(encodeNpz(turned), 'turned.npz', { like })).rejects.toThrow(
      /^turned\.npz: lacks center\.conv1\.0\.weight, which the network needs.*it has shape \[3, 3, 3, 6\], but the model needs \[6, 3, 3, 3\]/,
    );
    const more = await importWeights(encodeNpz(new Map([...state, ...other])), 'more.npz', { like });
    expect([...more.left]).toEqual([['features.0.weight', 'the model has no weight of this name']]);
    expectSame(more.bytes, bytes);
  });
});
