/** @file The phantom knee: reproducible, planned by its anatomy, with findings that can be seen, valid as DICOM and MRNet files. */
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseDicom } from 'dicom-parser';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/base/errors.ts';
import { planeNormal, worldToPixel } from '../../../src/data/geometry.ts';
import { findingsOf } from '../../../src/data/phantom/knee/knee.ts';
import { ACL_ENDS } from '../../../src/data/phantom/knee/ligaments.ts';
import { fromKnee } from '../../../src/data/phantom/knee/shapes.ts';
import { writePhantomCohort } from '../../../src/data/phantom.node.ts';
import {
  anatomies,
  type EncodedFile,
  type KneeImage,
  type KneeSubject,
  kneeSubject,
  kneeTruth,
} from '../../../src/data/phantom.ts';
import { readSlices } from '../../../src/data/sources/mrnet/series.ts';
import type { Vec3 } from '../../../src/data/types.ts';
import { dot, subtract } from '../../../src/data/vector.ts';

const small = { size: 48, difficulty: 'easy' } as const;
const cohort: KneeSubject[] = Array.from({ length: 10 }, (_, index) => kneeSubject(5, index, small));
const indices = cohort.map(({ index }) => index);

const encode = (seed: number, index: number): EncodedFile[] =>
  anatomies.knee.encode({ seed, ...small }, index, ['dicom', 'mrnet']);

function digest(files: readonly EncodedFile[]): string {
  const hash = createHash('sha256');
  for (const { path, bytes } of files) hash.update(path).update(bytes);
  return hash.digest('hex');
}

const viewed = ({ images }: KneeSubject, view: string): KneeImage[] =>
  images.filter((image) => image.view === view);

/** The mean brightness within `mm` of a point of the knee, in the slice nearest to it. */
function brightness(subject: KneeSubject, view: string, point: Vec3, mm: number): number {
  const world = fromKnee(kneeTruth(5, subject.index, small).knee.place, point);
  const off = ({ plane }: KneeImage): number => Math.abs(worldToPixel(plane, world).distanceMm);
  const { plane, pixels } = viewed(subject, view).reduce((a, b) => (off(a) <= off(b) ? a : b));
  const { x, y } = worldToPixel(plane, world);
  const reach = mm / plane.spacingMm[0];
  const near = Array.from(pixels).filter(
    (_, i) => Math.hypot((i % plane.columns) - x, Math.floor(i / plane.columns) - y) <= reach,
  );
  return near.reduce((sum, value) => sum + value, 0) / near.length;
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

describe('kneeSubject', () => {
  it('gives the same bytes for the same seed and index, and others for any other', () => {
    expect(digest(encode(5, 3))).toBe(digest(encode(5, 3)));
    expect(digest(encode(6, 3))).not.toBe(digest(encode(5, 3)));
    expect(digest(encode(5, 4))).not.toBe(digest(encode(5, 3)));
  });

  it('has the findings of MRNet in each run of ten, in any order', () => {
    for (const seed of [5, 6]) {
      const ten = indices.map((index) => findingsOf(seed, index + 20));
      expect(ten.filter(({ abnormal }) => abnormal)).toHaveLength(8);
      expect(ten.filter(({ meniscus }) => meniscus)).toHaveLength(4);
      expect(ten.filter(({ acl }) => acl)).toHaveLength(2);
      expect(ten.filter(({ acl, meniscus }) => acl && meniscus)).toHaveLength(1);
    }
    expect(findingsOf(5, 0)).not.toBe(findingsOf(5, 1));
    expect(new Set(cohort.map(({ side }) => side))).toEqual(new Set(['L', 'R']));
  });

  it('plans the stacks by the anatomy: along the cruciate, by the back of the condyles, across the leg', () => {
    const sine = Math.sin((9 * Math.PI) / 180);
    for (const index of indices) {
      const { knee, planning } = kneeTruth(5, index, { ...small, difficulty: 'hard' });
      const { frame } = knee.place;
      const normal = (view: 'sagittal' | 'coronal' | 'axial'): Vec3 => planeNormal(planning[view].planes[0]!);
      const [sagittal, coronal, axial] = [normal('sagittal'), normal('coronal'), normal('axial')];
      // the line through the backs of both condyles, and the leg, lie in the coronal plane
      expect(Math.abs(dot(coronal, frame.x))).toBeLessThan(sine);
      expect(Math.abs(dot(coronal, frame.z))).toBeLessThan(sine);
      expect(Math.abs(dot(axial, frame.z))).toBeGreaterThan(Math.cos(Math.asin(sine)));
      // the cruciate runs along the sagittal slices, which are therefore oblique
      const [low, high] = ACL_ENDS.map((end) => fromKnee(knee.place, end)) as [Vec3, Vec3];
      const cruciate = subtract(high, low);
      const along = Math.abs(dot(sagittal, cruciate)) / Math.hypot(...cruciate);
      expect(along).toBeLessThan(Math.abs(dot(frame.x, cruciate)) / Math.hypot(...cruciate));
      expect(Math.abs(dot(sagittal, frame.x))).toBeGreaterThan(0.9);
      expect(Math.abs(dot(sagittal, frame.x))).toBeLessThan(0.999);
    }
  });

  it('turns images as they are looked at, for either knee', () => {
    for (const subject of cohort) {
      const axes = (view: string): { row: Vec3; column: Vec3 } => {
        const { rowDirection, columnDirection } = viewed(subject, view)[0]!.plane;
        return { row: rowDirection, column: columnDirection };
      };
      expect(axes('sagittal').row[1]).toBeGreaterThan(0.9); // front to back
      expect(axes('coronal').row[0]).toBeGreaterThan(0.9); // patient's right to left
      expect(axes('axial').row[0]).toBeGreaterThan(0.9);
      expect(axes('sagittal').column[2]).toBeLessThan(-0.9); // downwards
      expect(axes('coronal').column[2]).toBeLessThan(-0.9);
      expect(axes('axial').column[1]).toBeGreaterThan(0.9);
      const towards = (view: string, axis: 0 | 1 | 2): number => {
        const own = viewed(subject, view);
        return own.at(-1)!.plane.position[axis] - own[0]!.plane.position[axis];
      };
      expect(towards('sagittal', 0)).toBeGreaterThan(60);
      expect(towards('coronal', 1)).toBeGreaterThan(60);
      expect(towards('axial', 2)).toBeLessThan(-80);
    }
  });

  it('shows the whole joint in each stack', () => {
    const ends: Vec3[] = [
      [-30, 10, 0],
      [30, 10, 0],
      [0, -30, 30],
      [0, 28, 0],
      [0, 0, 35],
      [0, 0, -35],
    ];
    for (const subject of cohort) {
      const { place } = kneeTruth(5, subject.index, small).knee;
      for (const view of ['sagittal', 'coronal', 'axial'])
        for (const end of ends) {
          const places = viewed(subject, view).map(({ plane }) => worldToPixel(plane, fromKnee(place, end)));
          expect(Math.min(...places.map(({ distanceMm }) => Math.abs(distanceMm)))).toBeLessThan(5);
          expect(Math.max(...places.flatMap(({ x, y }) => [x, y]))).toBeLessThan(48);
          expect(Math.min(...places.flatMap(({ x, y }) => [x, y]))).toBeGreaterThan(0);
        }
    }
  });

  it('shows what it is labelled with: a torn meniscus and a torn ligament are bright', () => {
    const many = [
      ...cohort,
      ...[10, 11, 12, 13, 14, 15, 16, 17, 18, 19].map((index) => kneeSubject(5, index, small)),
    ];
    const muscle = (one: KneeSubject): number => brightness(one, 'sagittal', [0, 24, -60], 5);
    const whole = many.filter(({ findings }) => !findings.meniscus);
    const atTear = many.flatMap((one) => {
      const { tear } = kneeTruth(5, one.index, small).knee;
      if (!tear) return [];
      const out = 22 + 12 * Math.cos(tear.angle);
      const spot: Vec3 = [tear.side === 'lateral' ? out : -out, 3 + 17 * Math.sin(tear.angle), 1.5];
      const relative = (knee: KneeSubject): number => brightness(knee, 'sagittal', spot, 3) / muscle(knee);
      return [relative(one) / mean(whole.slice(0, 5).map(relative))];
    });
    expect(atTear).toHaveLength(8);
    expect(mean(atTear)).toBeGreaterThan(1.8);
    const middle: Vec3 = [3, 4, 12];
    const ligament = (torn: boolean): number =>
      mean(
        many
          .filter(({ findings }) => findings.acl === torn)
          .map((one) => brightness(one, 'sagittal', middle, 3) / muscle(one)),
      );
    expect(ligament(true)).toBeGreaterThan(1.5 * ligament(false));
  });

  it('refuses options out of range and those that knees do not have', () => {
    expect(() => kneeSubject(1, 0, { size: 8 })).toThrow(/size 8: a whole/);
    expect(() => kneeSubject(1, 0, { spacingMm: 0.1 })).toThrow(/spacing 0.1: /);
    expect(() => kneeSubject(1, 0, { difficulty: 'extreme' as 'hard' })).toThrow(ConfigError);
    expect(() => kneeSubject(-1, 0)).toThrow(/seed -1: a whole/);
    expect(() => anatomies.knee.settings({ phases: 2 })).toThrow(/phases means nothing to knees/);
  });
});

describe('files of a knee', () => {
  const subject = cohort[3]!;
  const files = encode(5, 3);

  it('are three DICOM series in one frame of reference, with every attribute of MR Image Storage', () => {
    const own = files.filter(({ path }) => path.endsWith('.dcm'));
    expect(own).toHaveLength(subject.images.length);
    expect(own[0]!.path).toBe('patient004/study/Sag_PD_FS/IM-0001-0001.dcm');
    const parsed = own.map(({ bytes }) => parseDicom(bytes));
    const required =
      'x00080016 x00080018 x00080020 x00080030 x00080050 x00080060 x00080070 x00080090 x00100010 x00100020 ' +
      'x00100030 x00100040 x0020000d x0020000e x00200010 x00200011 x00200013 x00200052 x00201040 x00080008 ' +
      'x00180020 x00180021 x00180022 x00180023 x00180050 x00180080 x00180081 x00180091 x00185100 x00200060 ' +
      'x00200032 x00200037 x00280002 x00280004 x00280010 x00280011 x00280030 x00280100 x00280101 x00280102 ' +
      'x00280103 x7fe00010';
    for (const one of parsed) expect(required.split(' ').filter((tag) => !one.elements[tag])).toEqual([]);
    const values = (tag: string): Set<string | undefined> => new Set(parsed.map((one) => one.string(tag)));
    expect(values('x0020000e').size).toBe(3);
    expect(values('x00200052').size).toBe(1);
    expect(values('x00080018').size).toBe(own.length);
    expect(values('x00180015')).toEqual(new Set(['KNEE']));
    expect(values('x00200060')).toEqual(new Set([subject.side]));
    expect(values('x0008103e')).toEqual(new Set(['Sag PD FS', 'Cor PD FS', 'Ax PD FS']));
    parsed.forEach((one, i) => {
      for (const [axis, value] of subject.images[i]!.plane.position.entries())
        expect(one.floatString('x00200032', axis)).toBeCloseTo(value, 7);
    });
  });

  it('are bytes of slices, rows and columns in the layout of MRNet, brightness in order', () => {
    const own = files.filter(({ path }) => path.startsWith('mrnet/'));
    expect(own.map(({ path }) => path)).toEqual(
      ['sagittal', 'coronal', 'axial'].map((view) => `mrnet/train/${view}/0003.npy`),
    );
    const { count, rows, columns, values } = readSlices(own[1]!.bytes, own[1]!.path);
    const images = viewed(subject, 'coronal');
    expect([count, rows, columns]).toEqual([images.length, 48, 48]);
    const stored = images.flatMap(({ pixels }) => [...pixels]);
    expect(values[stored.indexOf(Math.max(...stored))]).toBe(255);
    expect(values.filter((byte) => byte === 255).length).toBeLessThan(0.004 * values.length);
    const order = stored.map((_, i) => i).sort((a, b) => stored[a]! - stored[b]!);
    const sorted = order.map((i) => values[i]!);
    expect(sorted).toEqual(sorted.toSorted((a, b) => a - b));
    expect(sorted[0]).toBeLessThan(20);
  });

  it('are a cohort on disk in one layout or both, the labels as the findings', async () => {
    const root = await mkdtemp(join(tmpdir(), 'knee-'));
    try {
      const options = { anatomy: 'knee', subjects: 6, seed: 5, size: 16 } as const;
      const written = await writePhantomCohort(join(root, 'one'), { ...options, layout: 'mrnet' });
      expect(await readdir(join(root, 'one'))).toEqual(['cohort.json', 'mrnet']);
      expect(written.files).toBe(1 + 6 + 6 * 3);
      const text = (name: string): Promise<string> => readFile(join(root, 'one', 'mrnet', name), 'utf8');
      const line = (index: number): string =>
        `${String(index).padStart(4, '0')},${Number(findingsOf(5, index).meniscus)}\n`;
      expect(await text('train-meniscus.csv')).toBe([0, 1, 2, 3, 5].map(line).join(''));
      expect(await text('valid-meniscus.csv')).toBe(line(4));
      await writePhantomCohort(join(root, 'both'), { ...options, subjects: 1 });
      expect((await readdir(join(root, 'both'))).sort()).toEqual(['cohort.json', 'mrnet', 'patient001']);
      expect(JSON.parse(await readFile(join(root, 'both', 'cohort.json'), 'utf8'))).toMatchObject({
        ...{ anatomy: 'knee', size: 16, spacingMm: 8.75 },
      });
      await expect(writePhantomCohort(join(root, 'no'), { ...options, layout: 'acdc' })).rejects.toThrow(
        /layout acdc: of the knee one of dicom, mrnet is needed/,
      );
    } finally {
      await rm(root, { recursive: true });
    }
  });
});
