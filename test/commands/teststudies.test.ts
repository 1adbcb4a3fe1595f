/** @file Planes that are planned on the test studies of an experiment: beside the mean lines, without what cannot be read, with each view's reason. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { readPixels } from '../../src/data/dicom/pixels.ts';
import { viewName } from '../../src/data/viewnames.ts';
import type { Weight } from '../../src/models/state.ts';
import { decodeWeights, encodeWeights } from '../../src/models/weights.ts';
import { type PlaneError, planeAngleDeg, planeOf } from '../../src/planning/plane.ts';
import { planTestStudies, readPlanned } from '../../src/run/experiment/planes.node.ts';
import { memoryFile } from '../data/dicom-writer.ts';
import { useDevice } from '../device.ts';
import { stackOf } from '../planning/stacks.ts';
import { damagedStudy, planesOf, study, undecodable } from './crossed.ts';
import { usePlanning } from './planning.ts';
import { write } from './terminal.ts';

const { at, plan, opened } = usePlanning();
const device = useDevice();

/** Planes on test studies with the weights of a folder, beside the data of the training. */
async function planned(studies: Parameters<typeof planTestStudies>[2], folder = at('run')) {
  const config = JSON.parse(await readFile(at('run', 'config.json'), 'utf8'));
  const made = { folder, store: at('run', 'prepared'), config };
  const stage = { startStage: () => ({ update: () => {}, end: () => {} }), batch: 8 };
  await planTestStudies(device(), made, studies, stage);
  return (await readPlanned(folder))!;
}

describe('planes on test studies', () => {
  it('compares with the mean lines of the training, and shows studies with both planes', async () => {
    const { stacks } = JSON.parse((await plan('studies', '--turns', '1', '--json')).stdout);
    const { planes, refused, shown } = await planned({ folder: at('studies'), subjects: null, map: [] });
    expect(refused).toEqual([]);
    const told = stacks.flatMap(({ subject, views }: { subject: string; views: { real: PlaneError }[] }) =>
      views.map(({ real }) => ({ subject, angleDeg: expect.closeTo(real.angleDeg, 3) })),
    );
    expect(planes).toMatchObject(told);
    for (const { usual, angleDeg } of planes) expect(usual!.angleDeg).toBeGreaterThan(angleDeg);
    expect(shown.map(({ subject }) => subject).sort()).toEqual(['p21', 'p22']);
    for (const { subject, views } of shown)
      for (const [v, { real, planned: own, angleDeg }] of views.entries()) {
        const truth = planesOf(Number(subject.slice(1)))[v]!;
        expect(planeAngleDeg(planeOf(real.plane), planeOf(truth))).toBeLessThan(1e-3);
        expect(planeAngleDeg(planeOf(own.plane), planeOf(truth))).toBeCloseTo(angleDeg, 3);
        expect(real.uri).not.toBe(own.uri);
      }
    const one = await planned({ folder: at('studies'), subjects: ['p22'], map: [] });
    expect(new Set(one.planes.map(({ subject }) => subject))).toEqual(new Set(['p22']));
    await write(at('viewless'), study(11, { views: false }));
    await write(at('volumes'), [memoryFile('patient001/patient001_frame01.nii', new Uint8Array(400))]);
    for (const name of ['viewless', 'volumes'])
      expect(await planned({ folder: at(name), subjects: null, map: [] })).toMatchObject({
        planes: [],
        none: expect.stringMatching(/No test subject has a stack with/),
      });
    expect((await planned(null)).none).toMatch(/original images are not known/);
  });

  it('plans, draws and shows without the images that cannot be decoded, and keeps the numbers of slices', async () => {
    await write(at('damaged'), [...damagedStudy(21), ...study(22)]);
    const { stdout } = await plan('damaged', '--turns', '1', '--out', at('damaged-out'), '--json');
    const { stacks, skipped } = JSON.parse(stdout);
    expect(skipped.map(({ file }: { file: string }) => file)).toEqual(['p21/sax/s3.dcm']);
    const [{ slices, views }] = stacks;
    expect(slices).toBe(7);
    for (const view of views) {
      expect(view.slices.map(({ slice, used }: { slice: number; used: boolean }) => [slice, used])).toEqual(
        Array.from({ length: 7 }, (_, slice) => [slice, slice !== 3]),
      );
      expect(view.slices[3].reason.code).toBe('NO_LINE');
      expect(view.real.angleDeg).toBeLessThan(6);
      const { values } = await readPixels(await opened('damaged-out', ...view.file.split('/')), view.file);
      expect(new Set(values).size).toBeGreaterThan(20);
    }
    const { planes, shown } = await planned({ folder: at('damaged'), subjects: null, map: [] });
    expect(planes).toHaveLength(4);
    const views21 = shown.find(({ subject }) => subject === 'p21')!.views;
    expect(views21.map(({ view }) => view)).toEqual([viewName('4-chamber')]);
  });

  it('plans on the other test studies where nothing of a stack can be decoded, and says so', async () => {
    const spoilt = study(21).map((file) => {
      const slice = /sax\/s(\d)\.dcm$/.exec(file.path)?.[1];
      return slice === undefined ? file : undecodable(file, stackOf(7)[Number(slice)]!, 21, '9');
    });
    await write(at('unreadable'), [...spoilt, ...study(22)]);
    const { planes, refused } = await planned({ folder: at('unreadable'), subjects: null, map: [] });
    expect(planes.map(({ subject }) => subject)).toEqual(['p22', 'p22']);
    const message = 'None of the images of its stack could be read.';
    expect(refused).toEqual(
      ['2-chamber', '4-chamber'].map((view) => ({ subject: 'p21', message: `${view}: ${message}` })),
    );
  });

  it('says of each view why it cannot be planned where none can', async () => {
    const { state, metadata } = decodeWeights(await opened('run', 'weights.safetensors'), 'w');
    const silent = [...state].map(([name, weight]): [string, Weight] => [
      name,
      name.startsWith('final.') ? { ...weight, values: weight.values.map(() => 0) } : weight,
    ]);
    await mkdir(at('silent'));
    await writeFile(at('silent', 'weights.safetensors'), encodeWeights(new Map(silent), metadata));
    await write(at('unseen'), study(22));
    const { planes, refused } = await planned(
      { folder: at('unseen'), subjects: null, map: [] },
      at('silent'),
    );
    expect(planes).toEqual([]);
    expect(refused).toEqual(
      ['2-chamber', '4-chamber'].map((view) => ({
        subject: 'p22',
        message: expect.stringMatching(new RegExp(`^${view}: A line was found in 0 of \\d+ slices`)),
      })),
    );
    await expect(plan('unseen', '--weights', at('silent'))).rejects.toThrow(
      /2-chamber: A line was found in 0 .*4-chamber: A line was found in 0 /,
    );
  });
});
