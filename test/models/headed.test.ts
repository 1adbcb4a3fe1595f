import { describe, expect, it } from 'vitest';
import { noGrad } from '../../src/autograd/tape.ts';
import { ConfigError, DeviceError, ShapeError } from '../../src/base/errors.ts';
import { Declarations, initialValues } from '../../src/models/declare.ts';
import type { BodySpec } from '../../src/models/headed.ts';
import { declareHeaded, HeadedNetwork, type HeadedOptions } from '../../src/models/headed.ts';
import { groupedHead, type Head, pixelHead, pooledHead } from '../../src/models/heads.ts';
import { declareUNet, UNet, type UNetOptions } from '../../src/models/unet.ts';
import { UNetBody } from '../../src/models/unetBody.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { random } from '../check.ts';
import { useDevice } from '../device.ts';
import { hasHalf } from '../half.ts';
import { plainKernels } from '../train/tiny.ts';

const device = useDevice(plainKernels);

const sizes = { channelsIn: 1, width: 4, depth: 3, unusedLayers: false };
const body =
  (change: Partial<typeof sizes> = {}): BodySpec =>
  (at, wanted) =>
    new UNetBody(at, { ...sizes, ...change }, wanted);

const maps = pixelHead('final', 2);
const place = pooledHead('global_layers', 1, { hidden: 8, dropout: 0.5 });
const organs = pixelHead('organs.final', 5);

function declared(heads: readonly Head[], spec = body()): Declarations {
  const declarations = new Declarations();
  declareHeaded(declarations, spec, heads);
  return declarations;
}

const names = ({ parameters }: Declarations): string[] => parameters.map(({ name }) => name);

const build = (heads: readonly Head[], options: HeadedOptions = {}) =>
  new HeadedNetwork(device(), (at) => declareHeaded(at, body(), heads), options);

const pixels = random([2, 8, 8, 1], 3);
const images = () => tensor(device(), pixels.data, pixels.shape);

describe('a network of a backbone and heads', () => {
  it('declares the backbone first, then its heads in their order, and what is never called last', () => {
    const own = (list: readonly string[]): string[] => [...new Set(list.map((name) => name.split('.')[0]!))];
    expect(own(names(declared([place, organs, maps], body({ unusedLayers: true }))))).toEqual([
      ...['conv1', 'conv2', 'center', 'up_concat2', 'up_concat1'],
      ...['global_layers', 'organs', 'final', 'conv1_label', 'conv2_label'],
    ]);
    expect(own(names(declared([maps, place]))).slice(-2)).toEqual(['final', 'global_layers']);
  });

  it('has no decoder unless a head reads pixels', () => {
    expect(names(declared([place])).filter((name) => /^up_/.test(name))).toEqual([]);
    expect(names(declared([organs])).some((name) => /^up_/.test(name))).toBe(true);
  });

  it('begins with values that depend on names alone, whatever other heads there are', () => {
    const [few, many] = [declared([maps]), declared([organs, place, maps])];
    for (const { name } of few.parameters) {
      const [a, b] = [few, many].map((of) => of.parameters.find((one) => one.name === name)!);
      expect(initialValues(b!, 4), name).toEqual(initialValues(a!, 4));
    }
  });

  it('gives the output of each of its heads, and refuses one that it was built without', async () => {
    using network = build([place, organs, maps], { seed: 2 });
    expect(network.heads).toEqual([place, organs, maps]);
    const { output, features } = noGrad(() => network.run(images(), { training: false }));
    expect([maps, organs, place].map((head) => output(head).shape)).toEqual([
      [2, 8, 8, 2],
      [2, 8, 8, 5],
      [2, 1],
    ]);
    expect([features.centre!.shape, features.pixels!.shape]).toEqual([
      [2, 2, 2, 16],
      [2, 8, 8, 4],
    ]);
    const twin = pixelHead('final', 2);
    for (const other of [twin, pixelHead('other', 1)]) {
      expect(() => output(other)).toThrow(ConfigError);
      expect(() => output(other)).toThrow(`built without head ${other.path}`);
    }
    using alone = build([maps], { seed: 2 });
    const single = noGrad(() => alone.run(images(), { training: false }));
    expect(await single.output(maps).read()).toEqual(await output(maps).read());
  });

  it('gives one output for each group of images that a head reads, tile after tile, slices side by side', async () => {
    const grouped = groupedHead('puzzle', 3, { tiles: 2, slices: 3, width: 4, hidden: 5, dropout: 0 });
    using network = build([place, grouped], { seed: 2 });
    const many = random([12, 8, 8, 1], 8);
    const mode = { training: false } as const;
    const { output, features } = noGrad(() =>
      network.run(tensor(device(), many.data, many.shape), mode, [grouped]),
    );
    const centre = features.centre!;
    const maps = (await centre.read()) as Float32Array;
    const channels = centre.shape[3]!;
    const area = maps.length / 12 / channels;
    const values = async (name: string) => [...(await network.parameters.get(`puzzle.${name}`)!.read())];
    const layer = async (name: string, x: readonly number[]) => {
      const [weight, bias] = await Promise.all([values(`${name}.weight`), values(`${name}.bias`)]);
      return bias.map((b, o) => x.reduce((sum, v, i) => sum + v * weight[i * bias.length + o]!, b));
    };
    const relu = (x: readonly number[]) => x.map((v) => Math.max(0, v));
    const strongest = (image: number): number[] =>
      Array.from({ length: channels }, (_, c) =>
        Math.max(...Array.from({ length: area }, (_, i) => maps[(image * area + i) * channels + c]!)),
      );
    const found = await output(grouped).read();
    for (const example of [0, 1]) {
      const tiles: number[] = [];
      for (const tile of [0, 1]) {
        const slices = [0, 1, 2].flatMap((slice) => strongest(6 * example + 3 * tile + slice));
        tiles.push(...relu(await layer('tile', slices)));
      }
      const expected = await layer('3', relu(await layer('0', tiles)));
      for (const [i, v] of expected.entries()) expect(found[3 * example + i]).toBeCloseTo(v, 4);
    }
    expect(() => output(place)).toThrow(ConfigError);
    expect(() => network.run(images(), mode, [grouped])).toThrow('Head puzzle reads groups of 6');
  });

  it('refuses a head of features that its backbone does not have, by name', () => {
    const shallow: BodySpec = (at, wanted) => {
      const { centre } = body()(at, wanted).channels;
      return { channels: { centre: centre! }, check() {}, forward: () => ({}) };
    };
    expect(() => declared([maps], shallow)).toThrow(ConfigError);
    expect(() => declared([maps], shallow)).toThrow(/Head final reads the pixels features/);
    expect(names(declared([place], shallow))).toContain('global_layers.3.bias');
  });

  it('refuses images that its backbone cannot take', () => {
    using network = build([maps]);
    expect(() => network.run(zeros(device(), [1, 6, 8, 1]), { training: false })).toThrow(ShapeError);
  });

  it('draws dropout by the name of the head', async () => {
    const random2 = tensor(device(), [7, 1], [2], 'u32');
    const outputs = async (path: string): Promise<Float32Array> => {
      const head = pooledHead(path, 1, { hidden: 64, dropout: 0.5 });
      using network = build([head], { seed: 2 });
      // the same weights under another name
      using first = build([place64], { seed: 2 });
      for (const layer of ['0.weight', '0.bias', '3.weight', '3.bias']) {
        const values = await first.parameters.get(`global_layers.${layer}`)!.read();
        network.parameters.get(`${path}.${layer}`)!.write(values);
      }
      const { output } = noGrad(() => network.run(images(), { training: true, random: random2 }));
      return (await output(head).read()) as Float32Array;
    };
    const usual = await outputs('global_layers');
    expect(await outputs('global_layers')).toEqual(usual);
    expect(await outputs('another')).not.toEqual(usual);
  });

  const place64 = pooledHead('global_layers', 1, { hidden: 64, dropout: 0.5 });

  if (hasHalf) {
    it('computes maps in f16 and pooled heads in f32 in mixed precision, near what f32 gives', async () => {
      using mixed = build([maps, place], { seed: 2, precision: 'mixed' });
      using single = build([maps, place], { seed: 2 });
      const [a, b] = [mixed, single].map((network) =>
        noGrad(() => network.run(images(), { training: false }).output),
      );
      expect([a!(maps).dtype, a!(place).dtype]).toEqual(['f16', 'f32']);
      for (const head of [maps, place]) {
        const [found, expected] = [await a!(head).read(), await b!(head).read()];
        for (const [i, value] of expected.entries()) expect(found[i]).toBeCloseTo(value, 1);
      }
    });
  } else {
    it('is refused in mixed precision on this adapter, naming it', () => {
      expect(() => build([maps], { precision: 'mixed' })).toThrow(DeviceError);
      expect(() => build([maps], { precision: 'mixed' })).toThrow(device().caps.description);
    });
  }
});

describe('the published U-Net', () => {
  const options: UNetOptions = { width: 4, depth: 3, heatmaps: 2, locationHead: true, hidden: 8 };

  it('is the backbone with the heads that training gives it: same names, order, first values and outputs', async () => {
    for (const unusedLayers of [false, true])
      expect(declared([maps, place], body({ unusedLayers })).parameters).toEqual(
        declareUNet({ ...options, unusedLayers }).parameters,
      );
    using network = build([maps, place], { seed: 5 });
    using unet = new UNet(device(), { ...options, seed: 5 });
    expect([...network.stateDict().keys()]).toEqual([...unet.stateDict().keys()]);
    const { output } = noGrad(() => network.run(images(), { training: false }));
    const { heatmaps, location, centre } = noGrad(() => unet.forward(images(), { training: false }));
    expect(await output(maps).read()).toEqual(await heatmaps!.read());
    expect(await output(place).read()).toEqual(await location!.read());
    expect(centre.shape).toEqual([2, 2, 2, 16]);
  });
});
