/** @file Where prepared ACDC slices lie: each account of orientation, either handedness, base to apex. */
import { describe, expect, test } from 'vitest';
import { pixelToWorld } from '../../../src/data/geometry.ts';
import { samplesOf } from '../../../src/data/sample.ts';
import { openFiles } from '../../../src/data/sources/open.ts';
import type { PreparedData } from '../../../src/data/types.ts';
import { Warnings } from '../../../src/data/warnings.ts';
import { affineOf, maskFile, oblique, type TestVolume, volumeFile } from './volumes.ts';

const dims = [16, 12, 4];

/** One label at voxel (5, 3, 1), which a pixel of 2 mm is as large as. */
const spot = (i: number, j: number, k: number) => (i === 5 && j === 3 && k === 1 ? 3 : 0);

async function open(change: TestVolume) {
  const warnings = new Warnings();
  const files = [
    volumeFile('p/p_frame01.nii', { dims, ...change }),
    maskFile('p/p_frame01_gt.nii', { dims, value: spot, ...change }),
  ];
  const options = { size: 20, spacingMm: 2, onWarning: warnings.add };
  const { data } = await openFiles(files, options);
  return { data, codes: warnings.list.map(({ code }) => code) };
}

/** Slice in which the spot is, and where in the patient, LPS. */
function spotOf(data: PreparedData) {
  const sample = samplesOf(data).find((one) => one.mask()!.includes(1))!;
  const at = sample.mask()!.indexOf(1);
  return { sample, point: pixelToWorld(sample.plane, at % 20, Math.floor(at / 20)) };
}

/** A voxel's place by the affine, RAS to LPS. */
function lps(affine: readonly number[], voxel: readonly number[]): number[] {
  const ras = [0, 1, 2].map((r) => [...voxel, 1].reduce((sum, v, c) => sum + v * affine[4 * r + c]!, 0));
  return [-ras[0]!, -ras[1]!, ras[2]!];
}

/** Columns of `oblique`: along i, j, k, and the first voxel's centre. */
const column = (c: number) => [0, 1, 2].map((r) => oblique[4 * r + c]!) as [number, number, number];
const turned = (v: readonly number[]) => v.map((x) => -x) as [number, number, number];
const [i, j, k, origin] = [column(0), column(1), column(2), column(3)];

describe('the affine of an ACDC volume', () => {
  test.each([
    ['left-handed, base first', affineOf(i, j, k, origin), 1],
    ['right-handed, apex first', affineOf(i, j, turned(k), origin), 2],
    ['right-handed, base first', affineOf(turned(i), j, k, origin), 1],
    ['left-handed, apex first', affineOf(i, turned(j), turned(k), origin), 2],
  ])('%s, places every pixel and orders slices base to apex', async (_, affine, slice) => {
    const { data, codes } = await open({ affine });
    const { sample, point } = spotOf(data);
    lps(affine, [5, 3, 1]).forEach((mm, axis) => {
      expect(point[axis]).toBeCloseTo(mm, 4);
    });
    expect(sample).toMatchObject({ slice, fileFrame: 1 });
    expect(sample.location).toBeCloseTo(slice / 3, 6);
    expect(data.manifest.images.map((image) => image.slice)).toEqual([0, 1, 2, 3]);
    expect(codes).toEqual([]);
  });

  /** qform of a turn by 90° about x, which is (√½, √½, 0, 0), with qfac −1 or 1. */
  const qform = (qfac: number) => (view: DataView) => {
    view.setInt16(254, 0, true);
    view.setInt16(252, 1, true);
    view.setFloat32(76, qfac, true);
    view.setFloat32(256, Math.SQRT1_2, true);
    [10, -20, 30].forEach((v, n) => {
      view.setFloat32(268 + 4 * n, v, true);
    });
  };

  test.each([1, -1])(
    'may be a qform with qfac %d; along an axis of the patient it says no order',
    async (qfac) => {
      const { data, codes } = await open({ change: qform(qfac) });
      // i along +x, j along +z, k along −y times qfac; RAS
      const affine = affineOf([2, 0, 0], [0, 0, 2], [0, -8 * qfac, 0], [10, -20, 30]);
      const { sample, point } = spotOf(data);
      lps(affine, [5, 3, 1]).forEach((mm, axis) => {
        expect(point[axis]).toBeCloseTo(mm, 4);
      });
      expect(sample).toMatchObject({ slice: 1, location: null });
      expect(codes).toEqual(['ORDER_UNKNOWN']);
    },
  );

  test('may be missing: voxel sizes alone give distances, no order', async () => {
    const { data, codes } = await open({ change: (view) => view.setInt16(254, 0, true) });
    const { sample } = spotOf(data);
    expect(sample).toMatchObject({ slice: 1, location: null, plane: { spacingMm: [2, 2] } });
    const [first, second] = data.manifest.images.map(({ plane }) => plane.position);
    expect(Math.hypot(...first!.map((v, axis) => v - second![axis]!))).toBeCloseTo(8, 4);
    expect(codes).toEqual(['ORDER_UNKNOWN', 'NIFTI']);
  });

  test('whose slices lie along another axis is told of', async () => {
    const { codes } = await open({ affine: affineOf(k, j, i, origin) });
    expect(codes).toContain('SLICE_AXIS');
  });
});

describe('scaling', () => {
  test('of the image changes nothing after the z-score, of the mask it gives back its labels', async () => {
    const scale = (slope: number, inter: number) => (view: DataView) => {
      view.setFloat32(112, slope, true);
      view.setFloat32(116, inter, true);
    };
    const files = (image: TestVolume, mask: TestVolume) => [
      volumeFile('p/p_frame01.nii', { dims, ...image }),
      maskFile('p/p_frame01_gt.nii', { dims, value: spot, ...mask }),
    ];
    // the image fills the grid: outside it would be 0, which scaling with an intercept moves
    const options = { size: 12, spacingMm: 2 };
    const plain = await openFiles(files({}, {}), options);
    const scaled = await openFiles(
      files({ change: scale(0.25, -7) }, { value: (...at) => 85 * spot(...at), change: scale(1 / 85, 0) }),
      options,
    );
    expect(scaled.data.masks).toEqual(plain.data.masks);
    expect(scaled.data.masks).toContain(1);
    const worst = Math.max(...scaled.data.pixels.map((v, n) => Math.abs(v - plain.data.pixels[n]!)));
    expect(worst).toBeLessThan(1e-5);
  });
});
