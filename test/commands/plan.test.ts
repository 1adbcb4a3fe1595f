/** @file `plan` from weights and a folder of DICOM to planes: what is written, measured, refused and told. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { addFinetune } from '../../src/commands/finetune.ts';
import { addPlan } from '../../src/commands/plan.ts';
import { dicomReader } from '../../src/data/decoding.ts';
import { openDicom } from '../../src/data/dicom/file.ts';
import { headersOf } from '../../src/data/dicom/frames.ts';
import { readPixels } from '../../src/data/dicom/pixels.ts';
import { type ScannedImage, scanFiles } from '../../src/data/scan.ts';
import { viewOf } from '../../src/data/study/views.ts';
import type { FileSource, Vec3 } from '../../src/data/types.ts';
import { dot, scale } from '../../src/data/vector.ts';
import { decodeWeights, encodeWeights } from '../../src/models/weights.ts';
import { type PlaneError, planeError, planeOf } from '../../src/planning/plane.ts';
import { withPlannedErrors } from '../../src/run/trained.ts';
import { planStudy } from '../../web/work/plan.ts';
import { openWeights } from '../../web/work/weights.ts';
import { memoryFile } from '../data/dicom-writer.ts';
import { imageFile } from '../data/studies.ts';
import { useDevice } from '../device.ts';
import { along, imageAt, stackOf } from '../planning/stacks.ts';
import { planesOf, study } from './crossed.ts';
import { hearts } from './hearts.ts';
import { usePlanning } from './planning.ts';
import { terminal, write } from './terminal.ts';

const { at, plan, opened } = usePlanning();
const device = useDevice();

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
