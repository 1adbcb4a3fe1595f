/** @file `predict` from weights and a folder of volumes to class maps: names, headers, class numbers, what is skipped. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { addEvaluate } from '../../src/commands/evaluate.ts';
import { addFinetune } from '../../src/commands/finetune.ts';
import { addPredict } from '../../src/commands/predict.ts';
import { readNifti } from '../../src/data/nifti.ts';
import { memoryFile } from '../data/dicom-writer.ts';
import { picture, volumeFile } from '../data/sources/volumes.ts';
import { hearts, labelAt } from './hearts.ts';
import { terminal, useFolder, write } from './terminal.ts';

const at = useFolder();
const predict = (...args: string[]) =>
  terminal(
    addPredict,
    'predict',
    '--identifiers',
    'keep',
    '--adapter',
    'swiftshader',
    '--weights',
    at('run'),
    ...args,
  );

/** Labels of a written class map. */
async function mapOf(...path: string[]) {
  const file = at(...path);
  return readNifti(new Uint8Array(await readFile(file)), file);
}

beforeAll(async () => {
  // the myocardium alone is drawn: classes are 0 and 1 in the network, 0 and 2 in files
  await write(
    at('drawn'),
    hearts(4, (label) => (label === 2 ? 2 : 0)),
  );
  await write(at('data'), hearts(2));
  await terminal(
    (program) => addFinetune(program, null),
    ...['finetune', '--adapter', 'swiftshader', '--data', at('drawn'), '--out', at('run')],
    ...['--size', '16', '--spacing', '2', '--batch', '8', '--steps', '60', '--lr', '1e-2', '--width', '4'],
    ...['--set', 'model.depth=2', '--set', 'validateEvery=60', '--set', 'augmentation.rotationDeg=0'],
  );
}, 120_000);

describe('predict', () => {
  it('writes a class map of every frame on its own grid, with ACDC’s names and numbers', async () => {
    const { stderr } = await predict('--data', at('data'), '--out', at('maps'));
    expect(await readdir(at('maps'))).toEqual([
      ...['patient001_ED.nii.gz', 'patient001_ES.nii.gz', 'patient002_ED.nii.gz', 'patient002_ES.nii.gz'],
    ]);
    expect(stderr).toContain('4 class maps');
    const map = await mapOf('maps', 'patient002_ES.nii.gz');
    const image = await mapOf('data', 'patient002', 'patient002_frame02.nii.gz');
    expect({ dims: map.dims, affine: map.affine }).toEqual({ dims: image.dims, affine: image.affine });
    expect(new Set(map.data)).toEqual(new Set([0, 2]));
    const label = labelAt(0);
    const right = map.data.filter((v, n) => (label(n % 16, Math.floor(n / 16) % 12) === 2) === (v === 2));
    expect(right.length / map.data.length).toBeGreaterThan(0.95);
  });

  it('takes any volume, tells of those that it cannot, and never its own class maps', async () => {
    const plain = [
      volumeFile('more/heart.nii', { value: picture }),
      volumeFile('cine.nii', { dims: [16, 12, 3, 2], value: picture }),
      memoryFile('broken.nii.gz', new Uint8Array(9)),
      volumeFile('more/heart_gt.nii', { value: () => 0 }),
    ];
    await write(at('plain'), plain);
    for (const _ of ['first', 'again']) {
      const { stdout } = await predict('--data', at('plain'), '--out', at('plain', 'maps'), '--json');
      const { written, skipped } = JSON.parse(stdout);
      expect(written).toEqual([{ image: 'more/heart.nii', map: `${at('plain', 'maps')}/more/heart.nii.gz` }]);
      expect(skipped.map(({ file }: { file: string }) => file).sort()).toEqual(['broken.nii.gz', 'cine.nii']);
    }
  });

  it('says what evaluate says of its weights', async () => {
    await predict('--data', at('data'), '--out', at('same'));
    const evaluate = async (...from: string[]) => {
      const { stdout } = await terminal(
        addEvaluate,
        'evaluate',
        '--identifiers',
        'keep',
        '--data',
        at('data'),
        '--json',
        ...from,
      );
      return JSON.parse(stdout);
    };
    const made = await evaluate('--weights', at('run'), '--adapter', 'swiftshader');
    expect(made.rows).toHaveLength(12);
    expect(made).toEqual(await evaluate('--predictions', at('same')));
    // with mirror images, too, and then of other maps
    await predict('--data', at('data'), '--out', at('mirrored'), '--mirror');
    const mirrored = await evaluate('--weights', at('run'), '--adapter', 'swiftshader', '--mirror');
    expect(mirrored).toEqual(await evaluate('--predictions', at('mirrored')));
    expect(mirrored).not.toEqual(made);
    await expect(evaluate('--predictions', at('same'), '--mirror')).rejects.toThrow(
      /^--mirror is for predicting with --weights/,
    );
  });

  it('refuses weights that segment nothing, and folders without volumes', async () => {
    await expect(predict('--data', at('run', 'prepared'), '--out', at('none'))).rejects.toThrow(
      /prepared holds no image volumes \(\.nii or \.nii\.gz\) to segment/,
    );
    const nothing = terminal(
      addPredict,
      ...['predict', '--weights', at('data'), '--data', at('data'), '--out', at('none')],
    );
    await expect(nothing).rejects.toThrow(/is a folder without weights\.safetensors/);
    await mkdir(at('busy'));
    await writeFile(at('busy', 'running.json'), JSON.stringify({ host: 'elsewhere', pid: 1 }));
    const busy = terminal(
      addPredict,
      ...['predict', '--weights', at('data'), '--data', at('data'), '--out', at('busy')],
    );
    await expect(busy).rejects.toThrow(/busy is written into by process 1 on elsewhere/);
  });
});
