/** @file `plan` from weights and a folder of DICOM to planes: what is written, measured, refused and told. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { addFinetune } from '../../src/commands/finetune.ts';
import { addPlan } from '../../src/commands/plan.ts';
import { addPretrain } from '../../src/commands/pretrain.ts';
import { dicomReader } from '../../src/data/decoding.ts';
import { openDicom } from '../../src/data/dicom/file.ts';
import { headersOf } from '../../src/data/dicom/frames.ts';
import { readPixels } from '../../src/data/dicom/pixels.ts';
import { type ScannedImage, scanFiles } from '../../src/data/scan.ts';
import { viewOf } from '../../src/data/study/views.ts';
import type { FileSource, Vec3 } from '../../src/data/types.ts';
import { dot, scale } from '../../src/data/vector.ts';
import { viewName } from '../../src/data/viewnames.ts';
import type { Weight } from '../../src/models/state.ts';
import { decodeWeights, encodeWeights } from '../../src/models/weights.ts';
import { type PlaneError, planeAngleDeg, planeError, planeOf } from '../../src/planning/plane.ts';
import { planTestStudies, readPlanned } from '../../src/run/experiment/planes.node.ts';
import { withPlannedErrors } from '../../src/run/trained.ts';
import { planStudy } from '../../web/work/plan.ts';
import { openWeights } from '../../web/work/weights.ts';
import { memoryFile } from '../data/dicom-writer.ts';
import { imageFile } from '../data/studies.ts';
import { useDevice } from '../device.ts';
import { along, imageAt, stackOf } from '../planning/stacks.ts';
import { damagedStudy, planesOf, study, undecodable } from './crossed.ts';
import { hearts } from './hearts.ts';
import { terminal, useFolder, write } from './terminal.ts';

const at = useFolder();
const device = useDevice();

const plan = (folder: string, ...args: string[]) =>
  terminal(
    addPlan,
    ...[
      'plan',
      '--identifiers',
      'keep',
      '--adapter',
      'swiftshader',
      '--weights',
      at('run'),
      '--study',
      at(folder),
      ...args,
    ],
  );

const opened = async (...path: string[]) => new Uint8Array(await readFile(at(...path)));

beforeAll(async () => {
  await write(at('train'), Array.from({ length: 14 }, (_, n) => study(n + 1)).flat());
  await terminal(
    (program) => addPretrain(program, null),
    ...[
      'pretrain',
      '--identifiers',
      'keep',
      '--adapter',
      'swiftshader',
      '--data',
      at('train'),
      '--out',
      at('run'),
    ],
    ...['--size', '32', '--spacing', '8', '--batch', '8', '--steps', '120', '--lr', '2e-2', '--width', '4'],
    ...[
      '--task',
      'orientation',
      '--set',
      'model.depth=2',
      '--set',
      'validateEvery=120',
      '--set',
      'testFraction=0.36',
    ],
  );
  await write(at('studies'), [...study(21), ...study(22)]);
}, 240_000);

describe('plan', () => {
  it('leaves a folder to the process that writes there', async () => {
    await mkdir(at('busy'));
    await writeFile(at('busy', 'running.json'), JSON.stringify({ host: 'elsewhere', pid: 1 }));
    await expect(plan('train', '--out', at('busy'))).rejects.toThrow(
      /busy is written into by process 1 on elsewhere/,
    );
  });

  it('plans both views of each study, measures them by the real ones, and writes images in place', async () => {
    const { stdout } = await plan('studies', '--out', at('out'), '--json');
    const record = JSON.parse(stdout);
    expect(JSON.parse(await readFile(at('out', 'plan.json'), 'utf8'))).toEqual(record);
    expect(record.stacks.map(({ subject }: { subject: string }) => subject)).toEqual(['p21', 'p22']);
    for (const [i, n] of [21, 22].entries())
      for (const [v, real] of planesOf(n).entries()) {
        const view = record.stacks[i].views[v];
        const bytes = await opened('out', ...view.file.split('/'));
        const [header] = headersOf(openDicom(bytes, view.file));
        const error = planeError(planeOf(header!.plane), real);
        expect(error.angleDeg).toBeLessThan(6);
        expect(error.distanceMm).toBeLessThan(4);
        expect(view.real).toMatchObject({
          angleDeg: expect.closeTo(error.angleDeg, 3),
          distanceMm: expect.closeTo(error.distanceMm, 3),
        });
        expect(header).toMatchObject({ frameOfReferenceUid: `1.4.${n}`, patientId: `p${n}` });
        expect(header!.plane.position).toEqual(
          view.imagePositionPatient.map((x: number) => expect.closeTo(x, 4)),
        );
        expect([header!.plane.rows, view.rows]).toEqual([64, 64]);
        expect(view.uncertainty.angleDeg).toBeGreaterThan(0);
        expect(view.slices).toHaveLength(7);
        const { values } = await readPixels(bytes, view.file);
        expect(new Set(values).size).toBeGreaterThan(20);
      }
  });

  it('writes the same bytes again, also into the folder it reads, and never takes them for real views', async () => {
    await write(at('same'), study(11, { views: false }));
    const first = JSON.parse(
      (await plan('same', '--out', at('same', 'planned'), '--turns', '1', '--json')).stdout,
    );
    const bytes = await opened('same', 'planned', 'p11', '2-chamber.dcm');
    const again = JSON.parse(
      (await plan('same', '--out', at('same', 'planned'), '--turns', '1', '--json')).stdout,
    );
    expect(await opened('same', 'planned', 'p11', '2-chamber.dcm')).toEqual(bytes);
    expect(again.stacks).toEqual(first.stacks);
    expect(first.stacks[0].views.map(({ real }: { real: unknown }) => real)).toEqual([null, null]);
    await plan('same', '--out', at('zero'), '--pixels', 'zero', '--turns', '1');
    const { values } = await readPixels(await opened('zero', 'p11', '2-chamber.dcm'), 'zero');
    expect(new Set(values)).toEqual(new Set([0]));
  });

  it('uses the stack alone: real views change no plane', async () => {
    const planesIn = async (folder: string) => {
      const { stacks } = JSON.parse((await plan(folder, '--json')).stdout);
      return stacks[0].views.map(({ normal, uncertainty, slices }: Record<string, unknown>) => [
        ...[normal, uncertainty, slices],
      ]);
    };
    await write(at('alone'), study(11, { views: false }));
    await write(at('with'), study(11));
    expect(await planesIn('alone')).toEqual(await planesIn('with'));
  });

  it.each<[string, (right: Vec3, down: Vec3) => readonly [Vec3, Vec3]]>([
    ['turned by 90°', (right, down) => [down, scale(right, -1)]],
    ['turned by 180°', (right, down) => [scale(right, -1), scale(down, -1)]],
    ['mirrored', (right, down) => [scale(right, -1), down]],
  ])('finds the planes of a stack that is stored %s', async (name, way) => {
    const slices = stackOf(7).map(({ rowDirection, columnDirection }, i) =>
      imageAt(scale(along, 8 * (i - 3)), ...way(rowDirection, columnDirection)),
    );
    await write(at(name), study(21, { slices }));
    const planned = async (folder: string) => JSON.parse((await plan(folder, '--json')).stdout).stacks[0];
    const [own, plain] = [await planned(name), await planned('studies')];
    for (const [v, { normal }] of own.views.entries())
      expect(Math.abs(dot(normal, plain.views[v].normal))).toBeGreaterThan(Math.cos(Math.PI / 360));
  });

  it('is as unsure as held-out studies showed the weights to be, says where they were not asked, and refuses those of turned images', async () => {
    const bytes = await opened('run', 'weights.safetensors');
    const { planewise } = decodeWeights(bytes, 'w').metadata;
    const known: Record<string, PlaneError> = JSON.parse(planewise!).plannedErrors;
    expect(Object.keys(known)).toEqual(['2-chamber', '4-chamber']);
    const told = await plan('studies', '--json');
    const views = JSON.parse(told.stdout).stacks.flatMap((stack: { views: object[] }) => stack.views);
    for (const { view, uncertainty } of views) {
      const { complete, ofSlices, ...sum } = uncertainty;
      expect(complete).toBe(true);
      expect(sum.angleDeg).toBeCloseTo(Math.hypot(ofSlices.angleDeg, known[view]!.angleDeg), 6);
      expect(sum.distanceMm).toBeCloseTo(Math.hypot(ofSlices.distanceMm, known[view]!.distanceMm), 6);
    }
    expect((await plan('studies')).stderr).not.toContain('± is too small');
    await writeFile(at('unasked.safetensors'), withPlannedErrors(bytes, 'w', {}));
    const unasked = await plan('studies', '--weights', at('unasked.safetensors'));
    expect(unasked.stderr).toContain('± is too small: it leaves out what all slices of a heart share');
    const broken = withPlannedErrors(bytes, 'w', { '2-chamber': { angleDeg: 1 } } as never);
    await writeFile(at('broken.safetensors'), broken);
    await expect(plan('studies', '--weights', at('broken.safetensors'))).rejects.toThrow(
      /broken.safetensors.*makes no sense/,
    );
    const { state, metadata } = decodeWeights(bytes, 'w');
    const info = JSON.stringify({ ...JSON.parse(metadata.planewise!), turned: [0, 1, -1, 0] });
    await writeFile(at('turned.safetensors'), encodeWeights(state, { ...metadata, planewise: info }));
    await expect(plan('studies', '--weights', at('turned.safetensors'))).rejects.toThrow(
      /turned.safetensors.*was trained on images that lay turned/,
    );
  });

  it('plans in the page what it plans here', async () => {
    const { stacks } = JSON.parse((await plan('studies', '--json')).stdout);
    const { images } = await scanFiles(study(21));
    const library = {
      ...{ subjects: ['p21'], skipped: [], noDicom: null, images: () => images },
      read: dicomReader(),
      viewOf: (image: ScannedImage) => viewOf(image),
    };
    const source = { name: 'weights', own: false };
    const bytes = await opened('run', 'weights.safetensors');
    const weights = await openWeights(device(), bytes, source, null);
    const inPage = await planStudy(library, weights, { subject: 'p21', stack: 0, frame: 0 });
    expect(inPage.views.map(({ view, error, used }) => ({ view, error, used }))).toEqual(
      stacks[0].views.map(({ view, real }: { view: string; real: PlaneError }) => ({
        view,
        error: { angleDeg: expect.closeTo(real.angleDeg, 3), distanceMm: expect.closeTo(real.distanceMm, 3) },
        used: 7,
      })),
    );
    const none = planStudy(library, weights, { subject: 'p21', stack: 9, frame: 0 });
    await expect(none).rejects.toThrow('p21 has no such stack');
    weights.network.dispose();
  });

  it('compares with the mean lines of the training, and shows studies with both planes', async () => {
    const folder = at('run');
    const config = JSON.parse(await readFile(at('run', 'config.json'), 'utf8'));
    const made = { folder, store: at('run', 'prepared'), config };
    const stage = { startStage: () => ({ update: () => {}, end: () => {} }), batch: 8 };
    const planned = async (studies: Parameters<typeof planTestStudies>[2]) => {
      await planTestStudies(device(), made, studies, stage);
      return (await readPlanned(folder))!;
    };
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
    const config = JSON.parse(await readFile(at('run', 'config.json'), 'utf8'));
    const made = { folder: at('run'), store: at('run', 'prepared'), config };
    const stage = { startStage: () => ({ update: () => {}, end: () => {} }), batch: 8 };
    await planTestStudies(device(), made, { folder: at('damaged'), subjects: null, map: [] }, stage);
    const { planes, shown } = (await readPlanned(at('run')))!;
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
    const config = JSON.parse(await readFile(at('run', 'config.json'), 'utf8'));
    const made = { folder: at('run'), store: at('run', 'prepared'), config };
    const stage = { startStage: () => ({ update: () => {}, end: () => {} }), batch: 8 };
    await planTestStudies(device(), made, { folder: at('unreadable'), subjects: null, map: [] }, stage);
    const { planes, refused } = (await readPlanned(at('run')))!;
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
    const config = JSON.parse(await readFile(at('run', 'config.json'), 'utf8'));
    const made = { folder: at('silent'), store: at('run', 'prepared'), config };
    const stage = { startStage: () => ({ update: () => {}, end: () => {} }), batch: 8 };
    await planTestStudies(device(), made, { folder: at('unseen'), subjects: null, map: [] }, stage);
    const { planes, refused } = (await readPlanned(at('silent')))!;
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

  it('prints a table with medians, and tells what was skipped', async () => {
    await write(at('odd'), [...study(11), memoryFile('p11/sax/broken.dcm', new Uint8Array(200).fill(7))]);
    const { stdout, stderr } = await plan('odd', '--turns', '1');
    expect(stdout).toMatch(/SUBJECT +STACK +VIEW +SLICES +REFUSED/);
    expect(stdout).toMatch(/\nall +2 +\d/);
    expect(stderr).toContain('broken.dcm');
    expect(stderr).toContain('1 of 1 stack planned');
  });

  it('takes the frame of reference that most images have where they differ', async () => {
    const differing = study(11, { views: false }).map((file, i) =>
      i === 0
        ? imageFile(file.path, stackOf(7)[0]!, {
            ...{ patientId: 'p11', seriesUid: '1.3.11.9', frameOfReferenceUid: '1.4.99', instanceNumber: 1 },
          })
        : file,
    );
    await write(at('differing'), differing);
    const { stdout } = await plan('differing', '--out', at('differing-out'), '--json');
    const { notices, stacks } = JSON.parse(stdout);
    expect(notices).toMatchObject([{ code: 'FRAME_OF_REFERENCE_CHANGES', subject: 'p11' }]);
    const { views } = stacks[0];
    expect(views).toHaveLength(2);
    for (const { file } of views) {
      const [header] = headersOf(openDicom(await opened('differing-out', ...file.split('/')), file));
      expect(header!.frameOfReferenceUid).toBe('1.4.11');
    }
  });

  it('plans what it can, and names the stacks that it cannot', async () => {
    await write(at('mixed'), [...study(11), ...study(12, { slices: stackOf(2) })]);
    const { stderr } = await plan('mixed');
    expect(stderr).toContain('1 of 2 stacks planned');
    expect(stderr).toMatch(/p12: FEW_SLICES {2}The stack has 2 slices; a plane needs 3 at least/);
  });

  it('refuses studies in which nothing can be planned, and says why', async () => {
    const refused = async (name: string, files: readonly FileSource[], why: RegExp) => {
      await write(at(name), files);
      await expect(plan(name)).rejects.toThrow(why);
    };
    await refused('one', study(11, { slices: stackOf(1) }), /FEW_SLICES: The stack has one slice/);
    await refused('two', study(11, { slices: stackOf(2) }), /FEW_SLICES: The stack has 2 slices/);
    const frameless = study(11, { views: false, rest: { override: { '00200052': null } } });
    await refused('frameless', frameless, /FRAME_OF_REFERENCE: .* have no FrameOfReferenceUID \(0020,0052\)/);
    await refused('no-stack', study(11, { slices: [] }), /short-axis/);
    const fan = [0, 20, 40, 60, 80].map((degrees) => {
      const a = (degrees * Math.PI) / 180;
      return imageAt([0, 0, 0], [Math.cos(a), Math.sin(a), 0], [0, 0, 1]);
    });
    await refused(
      'fan',
      study(11, { slices: fan, views: false }),
      /NOT_PARALLEL: The 5 slices of p11 make 5 stacks/,
    );
  });

  it('refuses weights that tell no lines', async () => {
    await write(at('hearts'), hearts(4));
    await terminal(
      (program) => addFinetune(program, null),
      ...['finetune', '--adapter', 'swiftshader', '--data', at('hearts'), '--out', at('masks')],
      ...['--size', '16', '--spacing', '2', '--batch', '4', '--steps', '1', '--width', '4'],
      ...['--set', 'model.depth=2', '--set', 'validateEvery=1'],
    );
    const given = ['plan', '--adapter', 'swiftshader', '--weights', at('masks'), '--study', at('studies')];
    await expect(terminal(addPlan, ...given)).rejects.toThrow(
      /was trained on segmentation, which tells no lines of other planes\. Give weights/,
    );
  }, 60_000);
});
