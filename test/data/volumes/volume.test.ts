/** @file Volumes from NIfTI and DICOM, on other grids and back: values and affines. */
import { describe, expect, it } from 'vitest';
import { FileError, GeometryError, ShapeError } from '../../../src/base/errors.ts';
import { uniforms } from '../../../src/base/random.ts';
import { readNifti, writeNifti } from '../../../src/data/nifti.ts';
import { scanFiles } from '../../../src/data/scan.ts';
import type { ImagePlane, Vec3 } from '../../../src/data/types.ts';
import {
  type Axes,
  gridOfSpacing,
  joinChannels,
  type LabelVolume,
  labelsOnGrid,
  niftiOfVolume,
  normalizeVolume,
  readLabelVolume,
  readStack,
  readVolume,
  resampleLabels,
  resampleVolume,
  type Volume,
  type VolumeGrid,
} from '../../../src/data/volumes/index.ts';
import { memoryFile, shortAxisPlane, writeDicom } from '../dicom-writer.ts';

/** Oblique, 6 × 1.5 × 1.25 mm, with k to the feet. */
const affine = [
  ...[1.2, 0.42, -0.9, -50],
  ...[-0.35, 1.44, 0.6, 12],
  ...[0, 0, -5.9, 100],
  ...[0, 0, 0, 1],
].map(Math.fround);

const columnLength = (c: number): number => Math.hypot(affine[c]!, affine[4 + c]!, affine[8 + c]!);

const grid: VolumeGrid = {
  shape: [5, 7, 9],
  spacingMm: [columnLength(2), columnLength(1), columnLength(0)],
  affine,
};

const volume = (channels = 1): Volume => ({ ...grid, channels, data: uniforms(5 * 7 * 9 * channels, 1) });

/** RAS of a point by its index along depth, height and width. */
const placeOf = ({ affine: a }: VolumeGrid, [k, j, i]: Axes): number[] =>
  [0, 1, 2].map((row) => a[4 * row]! * i + a[4 * row + 1]! * j + a[4 * row + 2]! * k + a[4 * row + 3]!);

describe('a volume of NIfTI', () => {
  it('comes back to the bit: values, affine and spacing', () => {
    const bytes = writeNifti(niftiOfVolume(volume()), { gzip: true });
    const read = readVolume(bytes, 'a.nii.gz');
    expect(read.data).toEqual(volume().data);
    expect([...read.affine]).toEqual(affine);
    expect(read.shape).toEqual([5, 7, 9]);
    read.spacingMm.forEach((mm, axis) => {
      expect(mm).toBeCloseTo(grid.spacingMm[axis]!, 5);
    });
    expect(writeNifti(niftiOfVolume(read), { gzip: true })).toEqual(bytes);
  });

  it('has labels on its grid, which are classes', () => {
    const image = readVolume(writeNifti(niftiOfVolume(volume())), 'image.nii');
    const data = Float32Array.from(image.data, (v) => Math.floor(4 * v));
    const nifti = { ...niftiOfVolume(image), data };
    const labels = readLabelVolume(writeNifti(nifti, { type: 'u8' }), 'mask.nii', image);
    expect([...labels.data]).toEqual([...data]);
    expect([...labels.affine]).toEqual(affine);
    const refuse = (change: object) => () =>
      readLabelVolume(writeNifti({ ...nifti, ...change }), 'mask.nii', image);
    expect(refuse({ data: data.map((v, i) => (i === 64 ? 1.5 : v)) })).toThrow(FileError);
    expect(refuse({ data: data.map((v, i) => (i === 64 ? 1.5 : v)) })).toThrow(
      'mask.nii: holds 1.5 at voxel [1, 0, 1]',
    );
    expect(refuse({ affine: affine.map((v, i) => (i === 3 ? v + 2 : v)) })).toThrow('image.nii');
  });

  it('refuses several volumes, and channels to write', () => {
    const bytes = writeNifti({ ...niftiOfVolume(volume()), dims: [9, 7, 1, 5], spacing: [1, 1, 1, 1] });
    expect(() => readVolume(bytes, 'cine.nii')).toThrow(FileError);
    expect(() => niftiOfVolume(volume(2))).toThrow(ShapeError);
  });
});

describe('another grid of the same extent', () => {
  it('keeps the outer corners in the patient, and comes as near to the spacing as whole voxels do', () => {
    const other = gridOfSpacing(grid, [2, 1.4, 3]);
    expect(other.shape).toEqual(
      [Math.round((5 * grid.spacingMm[0]) / 2), 7, 4].map((n, axis) =>
        axis === 1 ? Math.round((7 * grid.spacingMm[1]) / 1.4) : n,
      ),
    );
    for (const corner of [0, 1, 2, 3, 4, 5, 6, 7]) {
      const at = ({ shape }: VolumeGrid) =>
        shape.map((side, axis) => ((corner >> axis) & 1 ? side - 0.5 : -0.5)) as unknown as Axes;
      const [here, there] = [placeOf(grid, at(grid)), placeOf(other, at(other))];
      here.forEach((mm, row) => {
        expect(there[row]).toBeCloseTo(mm, 9);
      });
    }
    expect(() => gridOfSpacing(grid, [0, 1, 1])).toThrow(ShapeError);
  });

  it('has what is linear in the patient where it was, away from the faces', () => {
    const height = (g: VolumeGrid, at: Axes) => placeOf(g, at)[2]! + 0.5 * placeOf(g, at)[0]!;
    const fill = (g: VolumeGrid): Float32Array =>
      Float32Array.from({ length: g.shape[0] * g.shape[1] * g.shape[2] }, (_, n) => {
        const [, rows, columns] = g.shape;
        return height(g, [Math.floor(n / (rows * columns)), Math.floor(n / columns) % rows, n % columns]);
      });
    const fine = resampleVolume({ ...grid, channels: 1, data: fill(grid) }, [3, 1, 0.9]);
    const want = fill(fine);
    const [depth, rows, columns] = fine.shape;
    let inner = 0;
    for (let z = 1; z < depth - 1; z++)
      for (let y = 1; y < rows - 1; y++)
        for (let x = 1; x < columns - 1; x++, inner++) {
          const at = (z * rows + y) * columns + x;
          expect(Math.abs(fine.data[at]! - want[at]!)).toBeLessThan(1e-4);
        }
    expect(inner).toBeGreaterThan(300);
  });

  it('at the same spacing is the volume itself', () => {
    const same = resampleVolume(volume(2), grid.spacingMm);
    expect(same.data).toEqual(volume(2).data);
    expect([...same.affine]).toEqual(affine);
  });
});

/** A ball of class 1 with a core of class 3. */
function ball(): LabelVolume {
  const shape: Axes = [6, 20, 20];
  const data = new Uint8Array(6 * 20 * 20).map((_, n) => {
    const [z, y, x] = [Math.floor(n / 400), Math.floor(n / 20) % 20, n % 20];
    const radius = Math.hypot(4 * (z - 2.5), y - 9.5, x - 9.5);
    return radius < 4 ? 3 : radius < 8 ? 1 : 0;
  });
  const scaled = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 4, 0, 0, 0, 0, 1];
  return { shape, spacingMm: [4, 1, 1], affine: scaled, data };
}

describe('labels on other grids', () => {
  it('have the classes that were there, no others, and come back as they were from a finer one', () => {
    const labels = ball();
    const fine = resampleLabels(labels, [1, 1, 1]);
    expect(fine.shape).toEqual([24, 20, 20]);
    expect([...new Set(fine.data)].sort()).toEqual([0, 1, 3]);
    const scores: Volume = {
      ...fine,
      channels: 4,
      data: Float32Array.from({ length: 4 * fine.data.length }, (_, i) =>
        Number(fine.data[i >> 2] === i % 4),
      ),
    };
    const back = labelsOnGrid(scores, labels);
    const off = back.data.filter((one, i) => one !== labels.data[i]).length;
    expect(off / labels.data.length).toBeLessThan(0.01);
    expect(back.affine).toEqual(labels.affine);
  });

  it('of scores are the largest, interpolated; scores of another extent are refused', () => {
    // two thirds of the way from 0.95 to 0.3 class 1 still has 0.52; the nearest voxel says 0
    const coarse: Volume = {
      ...{ shape: [1, 1, 2], spacingMm: [1, 1, 3], affine, channels: 2 },
      data: Float32Array.from([0.05, 0.95, 0.7, 0.3]),
    };
    const target: VolumeGrid = { shape: [1, 1, 6], spacingMm: [1, 1, 1], affine };
    expect([...labelsOnGrid(coarse, target).data]).toEqual([1, 1, 1, 1, 0, 0]);
    expect(() => labelsOnGrid(coarse, { ...target, shape: [1, 1, 7] })).toThrow(ShapeError);
    expect(() => labelsOnGrid({ ...coarse, channels: 1, data: coarse.data.slice(2) }, target)).toThrow(
      'classes',
    );
    const broken = { ...coarse, data: Float32Array.from([0.1, Number.NaN, 0.8, 0.2]) };
    expect(() => labelsOnGrid(broken, target)).toThrow('finite');
  });
});

describe('channels', () => {
  it('are joined on one grid only, and normalised each by itself', () => {
    const [a, b] = [volume(), { ...volume(), data: volume().data.map((v) => 100 + 10 * v) }];
    const both = joinChannels([a, b, volume(2)]);
    expect(both.channels).toBe(4);
    expect([...both.data.slice(4, 8)]).toEqual([a.data[1], b.data[1], ...volume(2).data.slice(2, 4)]);
    const { data } = normalizeVolume(joinChannels([a, b]));
    for (let i = 0; i < data.length; i += 2) expect(Math.abs(data[i]! - data[i + 1]!)).toBeLessThan(1e-4);
    const moved = { ...b, affine: affine.map((v, i) => (i === 3 ? v + 1 : v)) };
    expect(() => joinChannels([a, moved])).toThrow(ShapeError);
  });
});

describe('a stack of DICOM', () => {
  const scan = async (offsets: readonly number[], change: Record<number, Partial<ImagePlane>> = {}) => {
    const files = offsets.map((offset, k) => {
      const plane = shortAxisPlane(offset, { rows: 6, columns: 8, ...change[k] });
      const pixels = Int16Array.from({ length: 8 * plane.rows }, (_, i) => 100 * k + i);
      return memoryFile(`s${k}.dcm`, writeDicom({ plane, pixels, instanceNumber: k + 1 }));
    });
    return (await scanFiles(files)).images;
  };

  it('has the spacing of its positions, whatever the order, and lies where its slices do', async () => {
    const images = await scan([0, 7, 14, 21]);
    const read = await readStack([images[2]!, images[0]!, images[3]!, images[1]!]);
    expect(read.shape).toEqual([4, 6, 8]);
    expect(read.spacingMm[0]).toBeCloseTo(7, 4);
    const first = placeOf(read, [0, 0, 0]);
    const ends = [images[0]!, images[3]!].map(({ header }) => header.plane.position);
    const nearest = Math.min(
      ...ends.map(([x, y, z]) => Math.hypot(first[0]! + x, first[1]! + y, first[2]! - z)),
    );
    expect(nearest).toBeLessThan(1e-4);
    const again = readNifti(writeNifti(niftiOfVolume(read)), 'stack.nii');
    expect([...again.data]).toEqual([...read.data]);
  });

  it('with a slice missing, doubled, shifted, turned or larger is refused, naming the file', async () => {
    const refused = (offsets: readonly number[], change?: Record<number, Partial<ImagePlane>>) =>
      expect(scan(offsets, change).then(readStack)).rejects;
    await refused([0, 7, 14, 28, 35, 42]).toThrow(FileError);
    await refused([0, 7, 14, 28, 35, 42]).toThrow(
      's3.dcm: lies 14 mm from s2.dcm, others 7 mm apart (ImagePositionPatient (0020,0032))',
    );
    await refused([0, 7, 7, 14]).toThrow('s2.dcm: lies where s1.dcm does');
    const { position, columnDirection } = shortAxisPlane(7);
    const aside = position.map((mm, axis) => mm + 1.2 * columnDirection[axis]!) as unknown as Vec3;
    await refused([0, 7, 14, 21], { 1: { position: aside } }).toThrow('s1.dcm: lies 1.2 mm off the line');
    const turned = { rowDirection: [1, 0, 0], columnDirection: [0, 1, 0] } as const;
    await refused([0, 7, 14], { 2: turned }).toThrow(GeometryError);
    await refused([0, 7, 14], { 2: { rows: 7 } }).toThrow('s2.dcm');
    await expect(readStack([])).rejects.toThrow(GeometryError);
  });
});
