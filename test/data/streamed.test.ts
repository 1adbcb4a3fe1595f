/** @file A store that is read as it is asked for: the same as in memory, and errors that say where. */
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConfigError, FileError } from '../../src/base/errors.ts';
import { manifestHead } from '../../src/data/recordfile.node.ts';
import { samplesOf } from '../../src/data/sample.ts';
import { createSampler } from '../../src/data/sampler.ts';
import { imagesOf, subjectsOf } from '../../src/data/split.ts';
import { openStore, writeStore } from '../../src/data/store.node.ts';
import { encodeStore } from '../../src/data/storeencode.ts';
import { StoreWriter } from '../../src/data/storewriter.node.ts';
import { openForTraining, streamStore } from '../../src/data/streamed.node.ts';
import type { PreparedData } from '../../src/data/types.ts';
import { planRun } from '../../src/run/plan.ts';
import { train } from '../../src/run/training.ts';
import { fingerprint } from '../../src/train/dataset.ts';
import { pixelMark } from '../../src/train/pixels.ts';
import { MemoryFiles } from '../../src/train/runfiles.ts';
import { weightsFile } from '../../src/train/weightsfile.ts';
import { useDevice } from '../device.ts';
import { plainKernels, tinyConfig, tinyData } from '../train/tiny.ts';

const device = useDevice(plainKernels);

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'planewise-streamed-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

const at = (name: string) => join(folder, name);

/** The tiny data in many ways: half precision, masks, colours, and the first `count` images of them. */
function data(dtype: 'f32' | 'f16' = 'f32', count = 40): PreparedData {
  const { manifest, pixels } = tinyData();
  const area = manifest.size ** 2;
  const values = pixels.slice(0, count * area).map((v) => Math.round(v * 64) / 64);
  return {
    manifest: {
      ...manifest,
      ...{ version: 2, dtype, classes: ['background', 'organ'], colours: 'CIELAB' },
      images: manifest.images.slice(0, count),
    },
    pixels: values,
    masks: Uint8Array.from(values, (v) => (v > 0 ? 1 : 255)),
    colours: Float32Array.from({ length: 2 * values.length }, (_, i) => i % 50),
  };
}

describe('a store that is read as it is asked for', () => {
  it.each(['f32', 'f16'] as const)('says in %s what it says in memory', async (dtype) => {
    await writeStore(folder, data(dtype));
    const [whole, streamed] = [await openStore(folder), await streamStore(folder)];
    const { images, ...rest } = streamed.manifest;
    expect({ ...rest, images: [...images] }).toEqual(whole.manifest);
    expect(images.map(({ file }) => file)).toEqual(whole.manifest.images.map(({ file }) => file));
    for (const part of ['pixels', 'masks', 'colours'] as const)
      expect(streamed[part]!.subarray(0, whole[part]!.length), part).toEqual(whole[part]);
    const one = samplesOf(streamed, [7])[0]!;
    expect(one.pixels()).toEqual(samplesOf(whole, [7])[0]!.pixels());
    expect([subjectsOf(streamed), imagesOf(streamed, ['subject3'])]).toEqual([
      subjectsOf(whole),
      imagesOf(whole, ['subject3']),
    ]);
    const plan = planRun(tinyConfig(), whole.manifest);
    expect(fingerprint(streamed, plan)).toBe(fingerprint(whole, plan));
    expect(pixelMark(streamed)).toBe(pixelMark(whole));
    const [sampler, own] = [streamed, whole].map((from) => createSampler(from, { batch: 4, seed: 3 }));
    sampler!.ahead(5);
    expect(sampler!.batch(5).bytes).toEqual(own!.batch(5).bytes);
  });

  it('trains to the same bytes', async () => {
    await writeStore(folder, tinyData());
    const trained = async (memory: string) => {
      vi.stubEnv('PLANEWISE_STORE_MEMORY', memory);
      const files = new MemoryFiles();
      const config = tinyConfig({ steps: 3 });
      await train({ device: device(), data: await openForTraining(folder), config, files });
      return files.files.get(weightsFile)!;
    };
    expect(await trained('0')).toEqual(await trained('1'));
    vi.stubEnv('PLANEWISE_STORE_MEMORY', 'much');
    await expect(openForTraining(folder)).rejects.toThrow(ConfigError);
  });

  it('may be of one image, or of none', async () => {
    for (const count of [1, 0]) {
      await writeStore(folder, data('f32', count));
      const { manifest, pixels } = await streamStore(folder);
      expect([manifest.images.length, [...manifest.images].length]).toEqual([count, count]);
      expect(pixels.length).toBe(count * 256);
    }
  });

  it('has the manifest in whatever spaces, and none that is cut off or has other images', async () => {
    await writeStore(folder, data());
    const manifest = await readFile(at('manifest.json'), 'utf8');
    const value = JSON.parse(manifest);
    await writeFile(at('manifest.json'), JSON.stringify({ images: value.images, ...value }, null, 3));
    expect([...(await streamStore(folder)).manifest.images]).toEqual(value.images);
    expect((await manifestHead(at('manifest.json'))).size).toBe(16);
    for (const [text, problem] of [
      [manifest.slice(0, 2000), /manifest\.json: is not complete JSON/],
      [manifest.slice(0, -20), /manifest\.json: is not complete JSON/],
      [manifest.replace('"images":[', '"images":[7,'), /lacks fields/],
      [manifest.replace('"images":', '"images":[],"images":'), /lacks fields/],
      [manifest.replace('"images":', '"im\\u0061ges":'), /lacks fields/],
      [manifest.replace('"slice":1', '"slice":-1'), /lacks fields of image 1, at byte \d+/],
      ['', /is not complete JSON/],
    ] as const) {
      await writeFile(at('manifest.json'), text);
      await expect(streamStore(folder), text.slice(0, 40)).rejects.toThrow(problem);
    }
  });

  it('that is damaged is refused with the bytes where it is; cut off, with how many there are', async () => {
    const { manifest, ...values } = data();
    const kind = { size: 16, dtype: 'f32', masks: true, colours: true } as const;
    const writer = await StoreWriter.begin(folder, kind, 4096);
    await writer.add({ manifest, ...values });
    await writer.finish(manifest);
    const path = at('pixels.f32.bin');
    const bytes = await readFile(path);
    bytes[9000]! ^= 1;
    await writeFile(path, bytes);
    for (const open of [streamStore, openStore])
      await expect(open(folder)).rejects.toThrow(
        /pixels\.f32\.bin: .*damaged, first between bytes 8192 and 12288/,
      );
    await truncate(path, 5000);
    await expect(streamStore(folder)).rejects.toThrow(/holds 5000 bytes instead of 40960/);
    await rm(path);
    await expect(streamStore(folder)).rejects.toThrow(FileError);
  });

  it('that is changed or cut off while it is open is found when the image is read', async () => {
    await writeStore(folder, data());
    const streamed = await streamStore(folder);
    const path = at('pixels.f32.bin');
    const bytes = await readFile(path);
    bytes[2 * 1024 + 5]! ^= 1;
    await writeFile(path, bytes);
    const [one, two, last] = samplesOf(streamed, [1, 2, 39]);
    expect(one!.pixels()).toHaveLength(256);
    expect(() => two!.pixels()).toThrow(/has changed since it was opened: image 2, bytes 2048 to 3072/);
    await truncate(path, 4096);
    expect(() => last!.pixels()).toThrow(/pixels\.f32\.bin: ends at byte 39936/);
  });

  it('goes on with what was opened where another store takes its place', async () => {
    await writeStore(folder, data());
    const streamed = await streamStore(folder);
    const before = streamed.pixels.subarray(0, 256);
    await writeStore(folder, data('f32', 3));
    expect(streamed.pixels.subarray(0, 256)).toEqual(before);
    expect(streamed.manifest.images[39]!.file).toBe('subject9/3.dcm');
  });
});

it('a store written in pieces has the bytes of one written at once', async () => {
  const { manifest, pixels } = tinyData();
  const kind = { size: 16, dtype: 'f32', masks: false, colours: false } as const;
  const writer = await StoreWriter.begin(folder, kind);
  for (const [from, to] of [
    [0, 1],
    [1, 1],
    [1, 30],
    [30, 40],
  ] as const)
    await writer.add({
      manifest: { ...manifest, images: manifest.images.slice(from, to) },
      pixels: pixels.subarray(from * 256, to * 256),
    });
  await writer.finish(manifest);
  const encoded = encodeStore({ manifest, pixels });
  expect(new Uint8Array(await readFile(at('manifest.json')))).toEqual(encoded.manifest);
  expect(new Uint8Array(await readFile(at('pixels.f32.bin')))).toEqual(encoded.pixels);
});
