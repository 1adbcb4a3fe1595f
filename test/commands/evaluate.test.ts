/** @file `evaluate`: class maps beside true masks, what is missing, what is unknown, table, JSON and CSV. */
import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { addEvaluate } from '../../src/commands/evaluate.ts';
import type { FileSource } from '../../src/data/types.ts';
import { maskFile, type TestVolume, textFile } from '../data/sources/volumes.ts';
import { hearts, labelAt } from './hearts.ts';
import { terminal, useFolder, write } from './terminal.ts';

const at = useFolder();
const evaluate = (data: string, maps: string, ...args: string[]) =>
  terminal(
    addEvaluate,
    'evaluate',
    '--identifiers',
    'keep',
    '--data',
    at(data),
    '--predictions',
    at(maps),
    ...args,
  );

type Change = (label: number, phase: string, i: number) => number;

/** Class maps of `hearts(2)`: true but for a change. */
const maps = (change: Change, names = ['ED', 'ES'], type: TestVolume['type'] = 'u8'): FileSource[] =>
  [1, 2].flatMap((n) =>
    names.map((phase, frame) => {
      const label = labelAt((n + frame + 1) % 4);
      const value = (i: number, j: number) => change(label(i, j), phase, i);
      return maskFile(`patient00${n}_${phase}.nii.gz`, { value, type });
    }),
  );

beforeAll(async () => {
  await write(at('data'), hearts(2));
  await write(
    at('right'),
    maps((label) => label),
  );
  await write(
    at('frames'),
    maps((label) => label, ['frame01', 'frame02']),
  );
  // neither ventricle at end systole
  await write(
    at('poor'),
    maps((label, phase) => (phase === 'ES' && label !== 2 ? 0 : label)),
  );
});

/** qform_code and sform_code: neither says where the volume lies. */
const forgetPlace = (view: DataView): void => {
  view.setInt16(252, 0, true);
  view.setInt16(254, 0, true);
};

interface Row {
  readonly subject: string;
  readonly phase: string;
  readonly class: string;
  readonly dice: number | null;
  readonly hausdorffMm: number | null;
  readonly missing: string | null;
}

const jsonOf = async (...args: [data: string, maps: string, ...more: string[]]) =>
  JSON.parse((await evaluate(...args, '--json')).stdout);

describe('evaluate', () => {
  it('finds nothing amiss with the truth, under ACDC’s names or the frames’ own', async () => {
    const found = await jsonOf('data', 'right');
    expect(found).toMatchObject({ volumes: 4, of: 4, dice: 1, skipped: [], notices: [] });
    for (const row of found.rows as Row[])
      expect(row).toMatchObject({ dice: 1, hausdorffMm: 0, missing: null });
    for (const { predicted, truth } of found.ejectionFractions) expect(predicted).toBe(truth);
    expect(await jsonOf('data', 'frames')).toEqual(found);
  });

  it('reports structures that were not found as missing, by class and phase, in table, JSON and CSV', async () => {
    const { stdout, stderr } = await evaluate('data', 'poor', '--csv', at('poor.csv'), '--rows');
    expect(stdout).toMatch(/right ventricle +all +4 +0\.5 +0\.5 .*2 not found/);
    expect(stdout).toMatch(/right ventricle +ES +2 +0 +0 +– +– .*2 not found/);
    expect(stdout).toMatch(/myocardium +all +4 +1 +1 .*–$/m);
    expect(stdout).toMatch(/left ventricle +2 +100 +100 +100 +–$/m);
    expect(stderr).toContain('4 of 4 volumes with masks measured');
    const lines = (await readFile(at('poor.csv'), 'utf8')).split('\r\n');
    expect(lines[0]).toBe(
      'subject,phase,volume,class,dice,hausdorffMm,hausdorff95Mm,surfaceMm,predictedMl,truthMl,missing',
    );
    expect(lines).toHaveLength(14);
    expect(lines[4]).toMatch(/^patient001,ES,patient001_ES,right ventricle,0,,,,0,[\d.]+,predicted$/);
  });

  it('holds nothing against what masks leave open: classes that were not drawn, slices without labels', async () => {
    const open = hearts(2).map((file): FileSource => {
      if (!file.path.endsWith('patient001_frame02_gt.nii.gz')) return file;
      const label = labelAt(3);
      // the left ventricle alone, and nothing in the last slice
      const value = (i: number, j: number, k: number) => (label(i, j) === 3 && k < 2 ? 3 : 0);
      return maskFile(file.path, { value });
    });
    await write(at('open'), open);
    const found = await jsonOf('open', 'right');
    expect(found.rows).toHaveLength(10);
    expect(found.dice).toBe(1);
    expect(found.notices).toEqual([
      'In 1 of 4 volumes a class never occurs that others have, first patient001/patient001_frame02.nii.gz (no right ventricle, myocardium): it is not measured there.',
      '1 slice of labelled volumes without any label: not measured (--empty-slices background takes them as background).',
    ]);
    const strict = await jsonOf('open', 'right', '--empty-slices', 'background');
    const left = (strict.rows as Row[]).filter((row) => row.class === 'left ventricle');
    expect(left.map(({ dice }) => dice)).toEqual([1, 0.8, 1, 1]);
  });

  it('tells of volumes without a class map and of maps on another grid, and measures the rest', async () => {
    await write(at('some'), [
      maskFile('patient001_ED.nii.gz', { value: labelAt(2) }),
      maskFile('patient001_ES.nii.gz', { dims: [16, 12, 2] }),
    ]);
    const found = await jsonOf('data', 'some');
    expect(found).toMatchObject({ volumes: 1, of: 4, dice: 1 });
    expect(found.skipped.map(({ reason }: { reason: { code: string } }) => reason.code)).toEqual([
      ...['FILE', 'NO_PREDICTION', 'NO_PREDICTION'],
    ]);
  });

  it('reads class maps whose scaled values are a little off whole numbers', async () => {
    await write(
      at('scaled'),
      maps((label) => Math.max(0, label - 2e-4), ['ED', 'ES'], 'f32'),
    );
    const found = await jsonOf('data', 'scaled');
    expect(found).toMatchObject({ volumes: 4, dice: 1 });
  });

  it('tells of a mask without any label, of what Info.cfg lacks, and of maps that do not say where they lie', async () => {
    const odd = hearts(3).map((file): FileSource => {
      if (file.path.endsWith('patient001_frame02_gt.nii.gz')) return maskFile(file.path, { value: () => 0 });
      if (file.path === 'patient002/Info.cfg') return textFile(file.path, 'ED: 1\nES: last\n');
      return file;
    });
    await write(at('odd'), odd);
    await write(
      at('placeless'),
      [1, 3].map((n) =>
        maskFile(`patient00${n}_ED.nii`, { value: labelAt((n + 1) % 4), change: forgetPlace }),
      ),
    );
    const found = await jsonOf('odd', 'placeless');
    expect(found.skipped).toContainEqual({
      file: 'patient001/patient001_frame02_gt.nii.gz',
      reason: expect.objectContaining({ message: expect.stringMatching(/holds no label of ACDC/) }),
    });
    expect(found.notices.join()).toMatch(/patient002.*ES/);
    expect(found.warnings).toEqual([
      expect.objectContaining({ code: 'NIFTI', count: 2, message: expect.stringMatching(/where it lies/) }),
    ]);
  });

  it('needs masks, and either class maps or weights', async () => {
    await write(
      at('bare'),
      hearts(1).filter(({ path }) => !path.includes('_gt')),
    );
    await expect(evaluate('bare', 'right')).rejects.toThrow(/^No volume has labels \(_gt\) to measure/);
    const neither = terminal(addEvaluate, 'evaluate', '--data', at('data'));
    await expect(neither).rejects.toThrow(/needs either --predictions, .* or --weights/);
    await expect(evaluate('data', 'right', '--weights', 'x')).rejects.toThrow(/needs either/);
  });
});
