/** @file Checkpoints are looked at before they are gone on from: every tensor, the state, the data's pixels, and what was on the medium when. */
import { beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, FileError } from '../../src/base/errors.ts';
import { decodeSafetensors, encodeSafetensors } from '../../src/models/safetensors.ts';
import { upgradeTrained } from '../../src/run/config.ts';
import { train } from '../../src/run/training.ts';
import { checkpointFile, loadCheckpoint, previousCheckpointFile } from '../../src/train/checkpoint.ts';
import type { TrainEvent } from '../../src/train/events.ts';
import { MemoryFiles } from '../../src/train/runfiles.ts';
import { metricsFile, validationFile } from '../../src/train/runlog.ts';
import { useDevice } from '../device.ts';
import { plainKernels, tinyConfig, tinyData } from './tiny.ts';

const device = useDevice(plainKernels);
const data = tinyData();

async function run(files: MemoryFiles, options: object = {}): Promise<TrainEvent[]> {
  const said: TrainEvent[] = [];
  const onProgress = (event: TrainEvent): void => {
    if (event.kind === 'warning' || event.kind === 'notice') said.push(event);
  };
  await train({ device: device(), data, config: tinyConfig(), files, onProgress, ...options });
  return said;
}

const whole = new MemoryFiles();
beforeAll(async () => {
  await run(whole);
});

/** The whole run's files, its last checkpoint changed. */
function changed(change: (bytes: Uint8Array) => Uint8Array): MemoryFiles {
  const files = new MemoryFiles();
  for (const [name, bytes] of whole.files) files.files.set(name, bytes.slice());
  files.files.set(checkpointFile, change(files.files.get(checkpointFile)!));
  return files;
}

/** With the metadata as they are made to be, a checksum of them left out. */
function withMetadata(change: (metadata: Record<string, string>) => void): MemoryFiles {
  return changed((bytes) => {
    const { tensors, metadata } = decodeSafetensors(bytes, checkpointFile);
    const own = { ...metadata };
    change(own);
    return encodeSafetensors({ tensors, metadata: own });
  });
}

const KEY = 'planewise.checkpoint';
const CHECKSUMS = 'planewise.checksums';

async function told(files: MemoryFiles): Promise<{ step: number; warnings: string[] }> {
  const warnings: string[] = [];
  const found = await loadCheckpoint(files, upgradeTrained, (message) => warnings.push(message));
  return { step: found!.state.step, warnings };
}

describe('a checkpoint', () => {
  it('says if a bit of any tensor flipped, which one, and that the previous is taken', async () => {
    const bytes = whole.files.get(checkpointFile)!;
    expect(await told(whole)).toEqual({ step: 8, warnings: [] });
    const { tensors } = decodeSafetensors(bytes, checkpointFile);
    let seen = 0;
    for (const [name, { bytes: own }] of tensors) {
      if (own.length === 0) continue;
      // low bits of the mantissa, so that the number stays an ordinary one
      const at = own.byteOffset - bytes.byteOffset + 4 * (seen % (own.length / 4));
      const files = changed((copy) => {
        copy[at]! ^= 1 << (seen % 8);
        return copy;
      });
      const { step, warnings } = await told(files);
      expect(step, name).toBe(6);
      expect(warnings).toEqual([
        expect.stringMatching(
          new RegExp(`^${checkpointFile}: tensor ${name.replaceAll('.', '\\.')} is damaged.*step 6`),
        ),
      ]);
      seen++;
    }
    expect(seen).toBeGreaterThan(30);
  });

  it('is refused with a state that no run has, checksums or none', async () => {
    const state = JSON.parse(
      decodeSafetensors(whole.files.get(checkpointFile)!, '').metadata[KEY]!,
    ) as Record<string, unknown>;
    const bad: [object, RegExp][] = [
      [{ step: 1e9 }, /step is 1000000000/],
      [{ step: '9' }, /step is "9"/],
      [{ step: -1 }, /step is -1/],
      [{ step: 2.5 }, /step is 2\.5/],
      [{ step: undefined }, /step is missing/],
      [{ validated: 9 }, /validated is 9/],
      [{ best: { step: 9, loss: 1 } }, /best\.step is 9/],
      [{ best: { step: 3, loss: 'low' } }, /best\.loss is "low"/],
      [{ config: null }, /config is null/],
      [{ data: 7 }, /data is 7/],
      [{ variants: { a: 1 } }, /variants\.a is 1/],
    ];
    for (const [change, message] of bad) {
      const files = withMetadata((metadata) => {
        metadata[KEY] = JSON.stringify({ ...state, ...change });
        delete metadata[CHECKSUMS];
      });
      const { step, warnings } = await told(files);
      expect([step, warnings.length]).toEqual([6, 1]);
      expect(warnings[0]).toMatch(/^checkpoint\.safetensors: its state is damaged/);
      expect(warnings[0]).toMatch(message);
      files.files.delete(previousCheckpointFile);
      await expect(told(files)).rejects.toThrow(FileError);
    }
    for (const text of ['{', '[]', 'null', '{}']) {
      const files = withMetadata((metadata) => {
        metadata[KEY] = text;
        delete metadata[CHECKSUMS];
      });
      expect((await told(files)).step, text).toBe(6);
    }
  });

  it('says if its state changed to another that could be', async () => {
    const one = withMetadata((metadata) => {
      metadata[KEY] = metadata[KEY]!.replace('"step":8', '"step":7').replace(
        '"validated":8',
        '"validated":7',
      );
    });
    expect((await told(one)).warnings).toEqual([expect.stringMatching(/its state is damaged: its checksum/)]);
    const two = withMetadata((metadata) => {
      metadata[CHECKSUMS] = metadata[CHECKSUMS]!.slice(0, -1);
    });
    expect((await told(two)).warnings).toEqual([expect.stringMatching(/its checksums are no JSON/)]);
  });

  it('of an earlier version, without checksums, is gone on from with a notice', async () => {
    const files = withMetadata((metadata) => {
      const { pixels: _, ...state } = JSON.parse(metadata[KEY]!);
      metadata[KEY] = JSON.stringify(state);
      delete metadata[CHECKSUMS];
    });
    const message = expect.stringMatching(/^checkpoint\.safetensors is of an earlier version/);
    expect(await run(files, { resume: true })).toEqual([{ kind: 'notice', message }]);
  });

  it('refuses other pixels under the same headers', async () => {
    const pixels = data.pixels.slice();
    pixels[77]! += 2 ** -20;
    const resumed = run(
      changed((bytes) => bytes),
      { data: { ...data, pixels }, resume: true },
    );
    await expect(resumed).rejects.toThrow(ConfigError);
    await expect(resumed).rejects.toThrow(/with other pixels/);
  });

  it('refuses fewer steps than it has behind it', async () => {
    const files = new MemoryFiles();
    await run(files, { config: tinyConfig({ schedule: 'constant', steps: 6 }) });
    const fewer = run(files, { config: tinyConfig({ schedule: 'constant', steps: 4 }), resume: true });
    await expect(fewer).rejects.toThrow(/has 6 steps behind it, and steps is 4/);
  });

  it('takes its name once both logs are on the medium', async () => {
    const order: string[] = [];
    const files = new MemoryFiles();
    const watched = Object.assign(Object.create(files) as MemoryFiles, {
      append: async (name: string, text: string) => {
        order.push(`append ${name}`);
        await files.append(name, text);
      },
      sync: async (name: string) => {
        order.push(`sync ${name}`);
      },
      rename: async (from: string, to: string) => {
        order.push(`rename ${to}`);
        await files.rename(from, to);
      },
    });
    await run(watched);
    const named = order.flatMap((one, i) => (one === `rename ${checkpointFile}` ? [i] : []));
    expect(named).toHaveLength(3);
    for (const at of named)
      for (const log of [metricsFile, validationFile]) {
        const before = order.slice(0, at);
        expect(before.lastIndexOf(`sync ${log}`), log).toBeGreaterThan(before.lastIndexOf(`append ${log}`));
      }
  });
});
