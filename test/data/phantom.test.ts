/** @file The phantom cohort: reproducible, anatomically plausible, and valid as DICOM and ACDC files. */

import { createHash } from 'node:crypto';
import { type DataSet, parseDicom } from 'dicom-parser';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/base/errors.ts';
import { intersectingLine, planeNormal, worldToPixel } from '../../src/data/geometry.ts';
import { readNifti } from '../../src/data/nifti.ts';
import {
  encodeDicom,
  encodePhantomSubject,
  PHANTOM_GROUPS,
  type PhantomSubject,
  phantomSources,
  phantomSubject,
  phantomTruth,
} from '../../src/data/phantom.ts';
import type { Vec3 } from '../../src/data/types.ts';

const small = { size: 48 } as const;
const cohort: PhantomSubject[] = Array.from({ length: 15 }, (_, index) => phantomSubject(5, index, small));

const dot = (a: Vec3, b: Vec3): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const along = (start: Vec3, direction: Vec3, mm: number): Vec3 => [
  start[0] + direction[0] * mm,
  start[1] + direction[1] * mm,
  start[2] + direction[2] * mm,
];

function digest(subject: PhantomSubject): string {
  const hash = createHash('sha256');
  for (const { path, bytes } of encodePhantomSubject(subject)) hash.update(path).update(bytes);
  return hash.digest('hex');
}

/** Millilitres of a label at a phase. */
function volume({ images, info, settings }: PhantomSubject, label: number, phase: number): number {
  let voxels = 0;
  for (const image of images) {
    if (image.phase === phase && image.mask) voxels += image.mask.filter((value) => value === label).length;
  }
  return (voxels * settings.spacingMm ** 2 * info.sliceDistanceMm) / 1000;
}

function meanOfGroup(group: string, measure: (subject: PhantomSubject) => number): number {
  const values = cohort.filter((subject) => subject.group === group).map(measure);
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

const ejected = (subject: PhantomSubject): number => 1 - volume(subject, 3, 1) / volume(subject, 3, 0);

describe('phantomSubject', () => {
  it('gives the same bytes for the same seed and index, and others for any other', () => {
    const first = digest(phantomSubject(5, 3, small));
    expect(digest(cohort[3]!)).toBe(first);
    expect(digest(phantomSubject(6, 3, small))).not.toBe(first);
    expect(digest(phantomSubject(5 + 2 ** 32, 3, small))).not.toBe(first);
    expect(digest(phantomSubject(5, 4, small))).not.toBe(first);
  });

  it('keeps the pixels and masks it has always given', () => {
    const hash = createHash('sha256');
    for (const { pixels, mask } of cohort[0]!.images) hash.update(pixels).update(mask ?? '');
    expect(hash.digest('hex')).toMatchInlineSnapshot(
      `"f39c2c734447f7de30850554c874fb98c81f4e77a38132d35440021e2eaced74"`,
    );
  });

  it('makes orthonormal planes, a stack from base to apex and one image per view and phase', () => {
    for (const { images, info } of cohort) {
      for (const { plane } of images) {
        expect(Math.abs(dot(plane.rowDirection, plane.columnDirection))).toBeLessThan(1e-12);
        expect(dot(plane.rowDirection, plane.rowDirection)).toBeCloseTo(1, 12);
        expect(dot(plane.columnDirection, plane.columnDirection)).toBeCloseTo(1, 12);
      }
      const stack = images.filter((image) => image.view === 'sax' && image.phase === 0);
      expect(stack.length).toBeGreaterThanOrEqual(8);
      expect(stack.length).toBeLessThanOrEqual(12);
      const heights = stack.map(({ plane }) => dot(plane.position, [0.65, -0.55, -0.5]));
      expect(heights).toEqual(heights.toSorted((a, b) => a - b));
      expect(images).toHaveLength((stack.length + 2) * info.phases);
    }
  });

  it('plans both long-axis views through the long axis, and the 4-chamber view through the right ventricle', () => {
    const angles = cohort.map((subject) => {
      const { heart, planning } = phantomTruth(5, subject.index, small);
      const { origin, x, y, z } = heart.frame;
      for (const plane of [planning.twoChamber, planning.fourChamber]) {
        for (const mm of [-40, 0, 40]) {
          expect(Math.abs(worldToPixel(plane, along(origin, z, mm)).distanceMm)).toBeLessThan(6);
        }
      }
      const { cos, sin } = heart.right.angle;
      const centre = along(along(origin, x, cos * 40), y, sin * 40);
      expect(Math.abs(worldToPixel(planning.fourChamber, centre).distanceMm)).toBeLessThan(11);
      const cosine = dot(planeNormal(planning.fourChamber), planeNormal(planning.twoChamber));
      return (Math.acos(Math.abs(cosine)) * 180) / Math.PI;
    });
    expect(Math.min(...angles)).toBeGreaterThanOrEqual(68.9);
    expect(Math.max(...angles)).toBeLessThanOrEqual(79.1);
  });

  it('crosses the labelled left ventricle with both reference lines in the middle of the stack', () => {
    for (const { images, settings } of cohort) {
      const stack = images.filter((image) => image.view === 'sax' && image.phase === 0);
      const middle = stack[stack.length >> 1]!;
      for (const view of ['2ch', '4ch']) {
        const { line } = intersectingLine(middle.plane, images.find((image) => image.view === view)!.plane);
        const [a, b, d] = line!;
        const nearest = Array.from(middle.mask!, (label, i) =>
          label === 3 ? Math.abs(a * (i % settings.size) + b * Math.floor(i / settings.size) + d) : 1e9,
        );
        expect(Math.min(...nearest)).toBeLessThan(0.71);
      }
    }
  });

  it('surrounds the cavity by myocardium, even where a scar has thinned it', () => {
    const scarred = cohort.find((subject) => subject.group === 'MINF')!;
    const { images, settings } = phantomSubject(5, scarred.index, { size: 96 });
    for (const { mask } of images.filter((image) => image.view === 'sax' && image.slice === 4)) {
      expect(mask).toContain(3);
      mask!.forEach((label, i) => {
        if (label !== 3) return;
        const around = [i - 1, i + 1, i - settings.size, i + settings.size].map((j) => mask![j]);
        expect(around.every((other) => other === 2 || other === 3)).toBe(true);
      });
    }
  });

  it('makes groups that differ as the diseases do', () => {
    expect(new Set(cohort.slice(0, 5).map((subject) => subject.group))).toEqual(new Set(PHANTOM_GROUPS));
    for (const subject of cohort) {
      expect(volume(subject, 3, 0)).toBeGreaterThan(50);
      expect(volume(subject, 3, 0)).toBeLessThan(330);
      expect(volume(subject, 3, 1)).toBeLessThan(volume(subject, 3, 0));
      expect(volume(subject, 1, 1)).toBeLessThan(volume(subject, 1, 0));
    }
    expect(meanOfGroup('NOR', ejected)).toBeGreaterThan(0.5);
    expect(meanOfGroup('DCM', ejected)).toBeLessThan(0.4);
    expect(meanOfGroup('MINF', ejected)).toBeLessThan(meanOfGroup('NOR', ejected) - 0.1);
    const mass = (subject: PhantomSubject): number => volume(subject, 2, 0);
    expect(meanOfGroup('HCM', mass)).toBeGreaterThan(1.4 * meanOfGroup('NOR', mass));
    const right = (subject: PhantomSubject): number => volume(subject, 1, 0);
    expect(meanOfGroup('RV', right)).toBeGreaterThan(1.15 * meanOfGroup('NOR', right));
  });

  it('beats: smallest at end systole, back at end diastole at the end of the cycle', () => {
    const subject = phantomSubject(5, 1, { ...small, phases: 12, longAxis: false });
    const volumes = Array.from({ length: 12 }, (_, phase) => volume(subject, 3, phase));
    expect(volumes.indexOf(Math.min(...volumes))).toBe(subject.info.endSystole);
    expect(volumes.indexOf(Math.max(...volumes))).toBe(subject.info.endDiastole);
    expect(volumes[11]! / volumes[0]!).toBeGreaterThan(0.9);
    expect(new Set(subject.images.map((image) => image.view))).toEqual(new Set(['sax']));
  });

  it('shows the labels: blood is brighter than muscle and lines up with the mask', () => {
    const { images } = phantomSubject(5, 2, { ...small, difficulty: 'easy' });
    const { pixels, mask } = images.find((image) => image.view === 'sax' && image.slice === 4)!;
    const mean = (label: number): number => {
      const values = Array.from(pixels).filter((_, i) => mask![i] === label);
      return values.reduce((sum, value) => sum + value, 0) / values.length;
    };
    expect(mean(3)).toBeGreaterThan(1.4 * mean(2));
    expect(mean(1)).toBeGreaterThan(1.3 * mean(2));
  });

  it('refuses options out of range and says which', () => {
    expect(() => phantomSubject(1, 0, { phases: 31 })).toThrow(ConfigError);
    expect(() => phantomSubject(1, 0, { phases: 31 })).toThrow(/phases 31: a whole/);
    expect(() => phantomSubject(1, 0, { size: 8 })).toThrow(/size 8: a whole/);
    expect(() => phantomSubject(1, 0, { spacingMm: Number.NaN })).toThrow(/spacing NaN: /);
    expect(() => phantomSubject(-1, 0)).toThrow(/seed -1: a whole/);
    expect(() => phantomSubject(1, 0, { difficulty: 'extreme' as 'hard' })).toThrow(
      /one of easy, mid, hard is needed/,
    );
  });
});

describe('encodePhantomSubject', () => {
  const subject = cohort[0]!;
  const files = encodePhantomSubject(subject);
  const find = (path: string): Uint8Array => files.find((file) => file.path === path)!.bytes;

  it('lays files out as DSBCC and ACDC do', () => {
    const paths = files.map((file) => file.path);
    expect(paths).toContain('patient001/study/sax_1/IM-0003-0001.dcm');
    expect(paths).toContain('patient001/study/2ch_1/IM-0001-0002.dcm');
    expect(paths).toContain('patient001/study/4ch_1/IM-0002-0002.dcm');
    expect(paths).toContain('acdc/patient001/patient001_frame02_gt.nii.gz');
    expect(new Set(paths).size).toBe(paths.length);
    const info = new TextDecoder().decode(find('acdc/patient001/Info.cfg'));
    expect(info).toMatch(/^ED: 1\nES: 2\nGroup: (NOR|MINF|DCM|HCM|RV)\nHeight: \d+\.0\nNbFrame: 2\nWeight: /);
  });

  it('writes every attribute that MR Image Storage demands', () => {
    const required =
      'x00080016 x00080018 x00080020 x00080030 x00080050 x00080060 x00080070 x00080090 x00100010 x00100020 ' +
      'x00100030 x00100040 x0020000d x0020000e x00200010 x00200011 x00200013 x00200052 x00201040 x00080008 ' +
      'x00180020 x00180021 x00180022 x00180023 x00180050 x00180080 x00180081 x00180091 x00181060 x00185100 ' +
      'x00200032 x00200037 x00280002 x00280004 x00280010 x00280011 x00280030 x00280100 x00280101 x00280102 ' +
      'x00280103 x7fe00010';
    const parsed = encodeDicom(subject).map((file) => parseDicom(file.bytes));
    for (const dataset of parsed) {
      expect(required.split(' ').filter((tag) => !dataset.elements[tag])).toEqual([]);
      expect(dataset.string('x00020003')).toBe(dataset.string('x00080018'));
    }
    const distinct = (tag: string): number => new Set(parsed.map((one) => one.string(tag))).size;
    expect(distinct('x00080018')).toBe(parsed.length);
    expect(distinct('x0020000e')).toBe(parsed.length / 2);
    expect(distinct('x00200052')).toBe(1);
  });

  it('stores the pixels and the plane of each image unchanged', () => {
    encodeDicom(subject).forEach((file, i) => {
      const { plane, pixels } = subject.images[i]!;
      const dataset: DataSet = parseDicom(file.bytes);
      const { dataOffset, length } = dataset.elements.x7fe00010!;
      const stored = new Uint16Array(file.bytes.slice(dataOffset, dataOffset + length).buffer);
      expect(stored).toEqual(pixels);
      plane.position.forEach((value, axis) => {
        expect(dataset.floatString('x00200032', axis)).toBeCloseTo(value, 7);
      });
      [...plane.rowDirection, ...plane.columnDirection].forEach((value, axis) => {
        expect(dataset.floatString('x00200037', axis)).toBeCloseTo(value, 11);
      });
    });
  });

  it('writes NIfTI volumes of the same voxels, with masks of the same geometry', () => {
    const image = readNifti(find('acdc/patient001/patient001_frame02.nii.gz'), 'image');
    const mask = readNifti(find('acdc/patient001/patient001_frame02_gt.nii.gz'), 'mask');
    expect(mask.dims).toEqual(image.dims);
    expect(mask.affine).toEqual(image.affine);
    expect([...new Set(mask.data)].sort()).toEqual([0, 1, 2, 3]);
    const third = subject.images.find((one) => one.view === 'sax' && one.slice === 2 && one.phase === 1)!;
    const area = subject.settings.size ** 2;
    expect(image.data.slice(2 * area, 3 * area)).toEqual(Float32Array.from(third.pixels));
  });

  it('gives sources that read what was encoded', async () => {
    const [source] = phantomSources(files.slice(0, 1));
    expect(source!.path).toBe(files[0]!.path);
    expect(await source!.read()).toBe(files[0]!.bytes);
  });
});
