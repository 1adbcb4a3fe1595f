/** @file Images are prepared as radiology shows them, however they are stored; what a network says goes back as stored. */
import { describe, expect, it } from 'vitest';
import { applyAffine } from '../../src/data/affine.ts';
import { pixelToWorld, transformPlane } from '../../src/data/geometry.ts';
import { labelStudies } from '../../src/data/labels.ts';
import { prepare } from '../../src/data/prepare.ts';
import { cropMap, resample } from '../../src/data/resample.ts';
import { classesOnImage, maskOnGrid } from '../../src/data/segmentation/index.ts';
import { openFiles } from '../../src/data/sources/open.ts';
import type { FileSource, ImagePlane, PreparedData, PreparedImage, Vec3 } from '../../src/data/types.ts';
import { preparedMap, stackTurns, turnOf, upright } from '../../src/data/upright.ts';
import { add, normalize, scale } from '../../src/data/vector.ts';
import { turnedLine } from '../../src/run/datalines.ts';
import { imageAt } from '../planning/stacks.ts';
import { longAxisPlane, shortAxisPlane } from './dicom-writer.ts';
import {
  affineOf,
  maskFile,
  oblique,
  picture,
  textFile,
  threeLabels,
  volumeFile,
} from './sources/volumes.ts';
import { each, pixelAt, stored, storedValues, type Way, ways } from './storedways.ts';
import { imageFile } from './studies.ts';

const size = 33;
const spacingMm = 1.7;

describe.each([
  ['an image larger than the grid', 61, 48],
  ['a smaller one', 20, 31],
  ['one of a column', 9, 1],
])('%s', (_, rows, columns) => {
  const plane = shortAxisPlane(0, { rows, columns });
  const values = Float32Array.from({ length: rows * columns }, (_, i) => Math.sin(i * i));
  const labels = Uint8Array.from(values, (v) => Math.floor(2 * v + 2));
  const map = preparedMap(plane, turnOf('short-axis', plane), size, spacingMm);
  const classOf = new Map([0, 1, 2].map((label) => [label, label]));

  it.each(each)('is prepared the same, and its classes go back, stored %s', (_, way) => {
    const own = stored(plane, way);
    const ownMap = preparedMap(own, turnOf('short-axis', own), size, spacingMm);
    const pixels = resample({ ...own, values: storedValues(values, plane, way) }, ownMap, size);
    const plain = resample({ rows, columns, values }, map, size);
    for (const [i, v] of plain.entries()) expect(pixels[i]).toBeCloseTo(v, 5);
    expect(maskOnGrid({ ...own, values: storedValues(labels, plane, way) }, ownMap, size, classOf)).toEqual(
      maskOnGrid({ rows, columns, values: labels }, map, size, classOf),
    );
    const scores = {
      values: Float32Array.from({ length: size * size * 3 }, (_, i) => Math.cos(i * i)),
      size,
      classes: 3,
    };
    expect(classesOnImage(scores, ownMap, own)).toEqual(
      storedValues(classesOnImage(scores, map, plane), plane, way),
    );
    const prepared = transformPlane(own, ownMap, size, size);
    const expected = transformPlane(plane, map, size, size);
    for (const [x, y] of [
      [0, 0],
      [32, 0],
      [7, 30],
    ] as const)
      for (const [axis, v] of pixelToWorld(expected, x, y).entries())
        expect(pixelToWorld(prepared, x, y)[axis]).toBeCloseTo(v, 9);
  });
});

describe('a turn', () => {
  const shown: [view: string, right: Vec3, down: Vec3][] = [
    ['short-axis', [0.65, 0.7, 0.3], [-0.2, 0.5, -0.733]],
    ['axial', [1, 0, 0], [0, 1, 0]],
    ['coronal', [1, 0, 0], [0, 0, -1]],
    ['sagittal', [0, 1, 0], [0, 0, -1]],
  ];

  it.each(shown)('of %s images is one of eight, and none as they are shown', (view, right, down) => {
    const plane = imageAt([0, 0, 0], normalize(right), normalize(down));
    expect(turnOf(view, plane)).toBe(upright);
    expect(preparedMap(plane, upright, size, 5)).toEqual(cropMap(plane, size, 5));
    const turns = ways.map((way) => String(turnOf(view, stored(plane, way))));
    expect(new Set(turns).size).toBe(8);
  });

  it('is none of long axes, which lie as the heart does', () => {
    for (const way of ways) expect(turnOf('4-chamber', stored(longAxisPlane(0.4), way))).toBe(upright);
  });

  it.each(shown)('of %s images is none where they are merely askew, to either side', (view, right, down) => {
    const axes = imageAt([0, 0, 0], normalize(right), normalize(down));
    const [x, y] = [axes.rowDirection, axes.columnDirection];
    const askew = (degrees: number): ImagePlane => {
      const [c, s] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
      return imageAt([0, 0, 0], add(scale(x, c), scale(y, s)), add(scale(y, c), scale(x, -s)));
    };
    for (const degrees of [-45, -20, 20, 45])
      expect(turnOf(view, askew(degrees)), `${degrees}°`).toBe(upright);
    for (const degrees of [-105, -90, -75, 75, 90, 105, 180])
      expect(turnOf(view, askew(degrees)), `${degrees}°`).not.toBe(upright);
  });

  it('is one for slices that lie alike, near the limit too, and each its own for those stored otherwise', () => {
    const askew = (degrees: number): ImagePlane => {
      const [c, s] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
      return imageAt([0, 0, 0], [c, s, 0], [-s, c, 0]);
    };
    const limit = Array.from({ length: 90 }, (_, i) => i).find((i) => turnOf('axial', askew(i)) !== upright)!;
    const slices = [limit - 1, limit, limit - 1, limit];
    expect(new Set(slices.map((i) => turnOf('axial', askew(i)))).size).toBe(2);
    expect(new Set(stackTurns('axial', slices.map(askew)))).toEqual(new Set([upright]));
    expect(new Set(stackTurns('axial', slices.reverse().map(askew))).size).toBe(1);
    const mixed = ways.map((way) => stored(askew(10), way));
    expect(stackTurns('axial', mixed)).toEqual(mixed.map((plane) => turnOf('axial', plane)));
    expect(stackTurns('4-chamber', mixed)).toEqual(mixed.map(() => upright));
    expect(stackTurns('axial', [])).toEqual([]);
  });

  it('is missed in images that an earlier version prepared', () => {
    const told = (view: string, planes: readonly ImagePlane[]) =>
      turnedLine({ images: planes.map((plane) => ({ view, plane }) as PreparedImage) });
    const slice = shortAxisPlane(0);
    const turned = stored(slice, { exchanged: true, mirrored: [true, false] });
    expect(told('short-axis', [slice, slice])).toBeNull();
    expect(told('short-axis', [slice, turned])).toMatch(/^Turned: 1 of 2 images, as stored/);
    const along = imageAt([0, 0, 0], [-1, 0, 0], [0, -1, 0]);
    expect(told('short-axis', [along])).toBeNull();
    expect(told('axial', [along])).toMatch(/^Turned: 1 of 1 image,/);
  });
});

/** A DICOM study of three slices and two long axes, its slices stored so. */
function study(way: Way): FileSource[] {
  const long = [longAxisPlane(0.4), longAxisPlane(2)];
  const short = Array.from({ length: 3 }, (_, i) => shortAxisPlane(8 * i));
  const pixels = Int16Array.from({ length: 40 * 48 }, (_, i) => (i * i) % 997);
  return [
    ...long.map((plane, i) =>
      imageFile(`${i}.dcm`, plane, {
        seriesDescription: ['cine_2ch', 'cine_4ch'][i]!,
        seriesUid: `1.2.${i}`,
      }),
    ),
    ...short.map((plane, i) =>
      imageFile(`sax${i}.dcm`, stored(plane, way), {
        ...{ seriesDescription: 'cine_sax', seriesUid: '1.2.9', instanceNumber: i },
        pixels: storedValues(pixels, plane, way),
      }),
    ),
  ];
}

function expectSame(own: PreparedData, plain: PreparedData): void {
  expect(own.pixels.length).toBe(plain.pixels.length);
  for (const [i, v] of plain.pixels.entries()) expect(own.pixels[i]).toBeCloseTo(v, 4);
  expect(own.masks).toEqual(plain.masks);
  for (const [i, image] of plain.manifest.images.entries()) {
    const { location, slice, lines } = own.manifest.images[i]!;
    expect(slice).toBe(image.slice);
    expect(location).toBeCloseTo(image.location!, 9);
    for (const [view, line] of lines.entries()) {
      // a line has two signs
      const [a, b] = [line!, image.lines[view]!];
      const sign = Math.sign(a[0] * b[0] + a[1] * b[1]);
      for (const [k, v] of b.entries()) expect(sign * a[k]!).toBeCloseTo(v, 4);
    }
  }
}

describe('a DICOM study', () => {
  const plain = prepare(study(ways[0]!), { size: 32, spacingMm: 2 });

  it.each(each)('is prepared with the same pixels and lines, stored %s', async (_, way) => {
    const own = await prepare(study(way), { size: 32, spacingMm: 2 });
    expect(own.manifest.images).toHaveLength(3);
    expectSame(own, await plain);
    const { images } = await labelStudies(study(way), { size: 32, spacingMm: 2 });
    for (const [i, { references }] of images.entries())
      expect(Object.values(references).map(({ crop }) => crop)).toEqual(own.manifest.images[i]!.lines);
  });
});

/** A patient's volume with its mask, stored so. */
function patient(way: Way, affine: readonly number[] = oblique): FileSource[] {
  const [columns, rows] = [16, 12];
  const at = (x: number, y: number, z: number): [number, number, number] => {
    const world = [0, 1, 2].map((r) => {
      const [i, j] = pixelAt(way, columns, rows, x, y);
      return affine[4 * r]! * i + affine[4 * r + 1]! * j + affine[4 * r + 2]! * z + affine[4 * r + 3]!;
    });
    return world as [number, number, number];
  };
  const origin = at(0, 0, 0);
  const step = (...to: Vec3): [number, number, number] => {
    const [x, y, z] = at(...(to as [number, number, number]));
    return [x - origin[0], y - origin[1], z - origin[2]];
  };
  const volume = {
    dims: way.exchanged ? [rows, columns, 3] : [columns, rows, 3],
    affine: affineOf(step(1, 0, 0), step(0, 1, 0), step(0, 0, 1), origin),
  };
  const of = (value: typeof picture) => (x: number, y: number, z: number) =>
    value(...pixelAt(way, columns, rows, x, y), z);
  return [
    textFile('patient001/Info.cfg', 'ED: 1\nES: 7\nGroup: NOR\n'),
    volumeFile('patient001/patient001_frame01.nii.gz', { ...volume, value: of(picture) }),
    maskFile('patient001/patient001_frame01_gt.nii.gz', { ...volume, value: of(threeLabels) }),
  ];
}

describe('a volume with masks', () => {
  const open = async (files: readonly FileSource[]) =>
    (await openFiles(files, { size: 16, spacingMm: 2 })).data;

  it.each(each)('is prepared with the same pixels and masks, stored %s', async (_, way) => {
    expectSame(await open(patient(way)), await open(patient(ways[0]!)));
  });

  it('is taken as it comes where it only says how large its voxels are', async () => {
    const along = affineOf([2, 0, 0], [0, 2, 0], [0, 0, 8], [0, 0, 0]);
    const { manifest, masks } = await open(patient(ways[0]!, along));
    const [column, row] = applyAffine(
      cropMap({ ...manifest.images[0]!.plane, rows: 12, columns: 16, spacingMm: [2, 2] }, 16, 2),
      3,
      5,
    );
    expect(masks![row * 16 + column]).toBe(threeLabels(3, 5));
    expect(masks![row * 16 + 15 - column]).toBe(threeLabels(12, 5));
    expect(threeLabels(3, 5)).not.toBe(threeLabels(12, 5));
  });
});
