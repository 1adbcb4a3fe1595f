/** @file `weights` at the terminal: formats by ending, what is said of what was taken and left, errors. */
import { readFile, writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { addWeights } from '../../src/commands/weights.ts';
import { encodeNpz } from '../../src/exchange/npz.ts';
import { encodeWeights } from '../../src/models/weights.ts';
import { loadBare } from '../../src/run/bareweights.ts';
import { resolveConfig } from '../../src/run/config.ts';
import { adoptModel, initNews, readInit } from '../../src/run/init.node.ts';
import { describeWeights, loadTrained } from '../../src/run/trained.ts';
import { noise, runOnnx } from '../exchange/onnxruntime.ts';
import { fileOf, orientation, segmentation } from '../run/anyweights.ts';
import { terminal, useFolder } from './terminal.ts';

const at = useFolder();
const weights = (...args: string[]) => terminal(addWeights, 'weights', ...args);
const classes = ['background', 'right ventricle', 'myocardium', 'left ventricle'];

beforeAll(async () => {
  await writeFile(at('w.safetensors'), fileOf({ orientation, segmentation }, classes).bytes);
});

describe('weights', () => {
  it('go out as .npz and come back as they were', async () => {
    const { stderr } = await weights('export', at('w.safetensors'), '--out', at('deep/w.npz'));
    expect(stderr).toMatch(/w\.npz: 38 of 38 weights/);
    await weights(
      'import',
      at('deep/w.npz'),
      '--like',
      at('w.safetensors'),
      '--out',
      at('again.safetensors'),
    );
    expect(Buffer.compare(await readFile(at('again.safetensors')), await readFile(at('w.safetensors')))).toBe(
      0,
    );
  });

  it('of one task leave the head of another that has its name', async () => {
    const out = ['--out', at('one.npz'), '--task', 'segmentation'];
    const { stderr } = await weights('export', at('w.safetensors'), ...out);
    expect(stderr).toContain('segmentation.final is final');
    expect(stderr).toMatch(
      /2 left: orientation\.final\.weight, orientation\.final\.bias \(it is of the head of/,
    );
    expect(stderr).toMatch(/36 of 38 weights/);
    const { stdout } = await weights('export', at('w.safetensors'), ...out, '--json');
    expect(Object.keys(JSON.parse(stdout).left)).toHaveLength(2);
  });

  it('go out as ONNX, whose outputs are told', async () => {
    const out = ['--out', at('w.onnx'), '--adapter', 'swiftshader'];
    const { stderr } = await weights('export', at('w.safetensors'), ...out);
    expect(stderr).toMatch(/output segmentation\.final: .*for each pixel, channels: background; /);
    expect(stderr).toMatch(
      /4 left: .*num_batches_tracked, … \(no output depends on it\)\n.*w\.onnx: 34 of 38 weights/,
    );
    const shape = [2, 16, 16, 1];
    const outputs = await runOnnx(new Uint8Array(await readFile(at('w.onnx'))), noise(shape), shape);
    expect(outputs['segmentation.final']!.dims).toEqual([2, 4, 16, 16]);
    await expect(weights('export', at('w.safetensors'), ...out, '--task', 'orientation')).rejects.toThrow(
      /--task means nothing to ONNX/,
    );
  });

  it('are shown', async () => {
    const shown = await weights('show', at('w.safetensors'));
    expect(shown.stdout).toMatch(/NAME +SHAPE +TYPE\nconv1\.conv1\.0\.weight +3×1×3×3 +float/);
    expect(shown.stderr).toMatch(/safetensors, 38 weights, 996 parameters/);
    expect(shown.stderr).toMatch(
      /tasks orientation, segmentation, after 1 step\nimages of 16 × 16 pixels of 2 mm/,
    );
    const json = JSON.parse((await weights('show', at('w.safetensors'), '--json')).stdout);
    expect(json).toMatchObject({ format: 'safetensors', network: { size: 16 } });
    expect(json.weights).toHaveLength(38);
    await weights('export', at('w.safetensors'), '--out', at('bare.npz'), '--task', 'orientation');
    const bare = await weights('show', at('bare.npz'));
    expect(bare.stderr).toMatch(/heads of orientation, by names and shapes: the file does not say/);
  });

  it('start a training from .npz too', async () => {
    await weights('export', at('w.safetensors'), '--out', at('start.npz'));
    const init = await readInit(at('start.npz'));
    const { weights: from, model } = init;
    expect(from.state.size).toBe(38);
    // of the network that their names and shapes are of
    expect(model).toMatchObject({ name: 'unet', width: 3, depth: 2 });
    const given = adoptModel({ learningRate: 1 }, init);
    const { say } = initNews(init, given, resolveConfig(given));
    expect(say.join()).not.toContain('Network of');
    expect(initNews(init, { learningRate: 1 }, resolveConfig(given)).say).toContainEqual(
      expect.stringMatching(/Network of .*start\.npz: U-Net, 3 channels/),
    );
  });

  it('of DataParallel start a training without its prefix, and what is told', async () => {
    const { state } = fileOf({ orientation }, classes);
    const wrapped = new Map([...state].map(([name, weight]) => [`module.${name}`, weight]));
    await writeFile(at('wrapped.npz'), encodeNpz(wrapped));
    const init = await readInit(at('wrapped.npz'));
    expect([...init.weights.state.keys()]).toEqual([...state.keys()]);
    const { say } = initNews(init, {}, resolveConfig(adoptModel({}, init)));
    expect(say).toContainEqual(expect.stringMatching(/wrapped\.npz: names without module\./));
  });

  it('that hold no numbers are refused by name, to import, start from or predict', async () => {
    const { state, info } = fileOf({ orientation }, classes);
    const [name, weight] = [...state][3]!;
    const spoilt = new Map([...state, [name, { ...weight, values: weight.values.map(() => Number.NaN) }]]);
    await writeFile(at('nan.npz'), encodeNpz(spoilt));
    const told = new RegExp(`nan\\.npz.*${name.replaceAll('.', '\\.')}.*holds NaN`);
    await expect(weights('import', at('nan.npz'), '--out', at('nan.safetensors'))).rejects.toThrow(told);
    await expect(readInit(at('nan.npz'))).rejects.toThrow(told);
    const bytes = encodeWeights(spoilt, describeWeights(info, info, 1));
    await expect(loadTrained(null as never, bytes, 'nan.npz')).rejects.toThrow(told);
    expect(() => loadBare(null as never, spoilt, 'nan.npz', null)).toThrow(told);
  });

  it('that say nothing are imported with what was guessed', async () => {
    await weights('export', at('w.safetensors'), '--out', at('guess.npz'), '--task', 'orientation');
    const { stderr } = await weights('import', at('guess.npz'), '--out', at('guess.safetensors'));
    expect(stderr).toMatch(
      /By names and shapes: U-Net, 3 channels.*, heads of orientation; images of 224 px of 1\.26 mm are a guess\. --like/,
    );
    await writeFile(at('x.onnx'), Uint8Array.of(8, 7, 18, 9));
    await expect(weights('import', at('x.onnx'), '--out', at('x.safetensors'))).rejects.toThrow(
      /x\.onnx.*is an ONNX model/,
    );
  });

  it('without a format that is known are not written', async () => {
    await expect(weights('export', at('w.safetensors'), '--out', at('w.bin'))).rejects.toThrow(
      /w\.bin does not say a format\. Give --format safetensors, npz, onnx/,
    );
    await expect(weights('import', at('missing.npz'), '--out', at('x.safetensors'))).rejects.toThrow(
      /missing\.npz/,
    );
    await expect(weights('import', at('w.npz'), '--out', at('x.npz'))).rejects.toThrow(
      /x\.npz: weights are imported as safetensors/,
    );
    const both = weights('export', at('w.safetensors'), '--out', at('x.onnx'), '--format', 'npz');
    await expect(both).rejects.toThrow(/x\.onnx says onnx, --format npz/);
  });
});
