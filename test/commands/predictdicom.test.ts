/** @file `predict --format dicom-seg`: read back with dcmjs, the masks are NIfTI's, the geometry is the images', and nothing is left to chance. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { addPredict } from '../../src/commands/predict.ts';
import { readNifti } from '../../src/data/nifti.ts';
import { encodePhantomSubject, phantomSubject } from '../../src/data/phantom.ts';
import type { FileSource } from '../../src/data/types.ts';
import { type Item, list, readDicom, readSeg } from '../data/dicom/readseg.ts';
import { memoryFile, shortAxisPlane } from '../data/dicom-writer.ts';
import { stored, storedValues, type Way, ways } from '../data/storedways.ts';
import { imageFile } from '../data/studies.ts';
import { fileOf, segmentation } from '../run/anyweights.ts';
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
const asSeg = (data: string, out: string, ...args: string[]) =>
  predict('--format', 'dicom-seg', '--data', data, '--out', out, ...args);

/** Files of a folder, at any depth, sorted. */
async function files(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  return names
    .filter((name) => name.includes('.'))
    .sort()
    .map((name) => join(folder, name));
}

const classes = ['background', 'right ventricle', 'myocardium', 'left ventricle'];
const subject = phantomSubject(3, 0, { size: 32, phases: 2 });

beforeAll(async () => {
  const encoded = encodePhantomSubject(subject).map(({ path, bytes }) => memoryFile(path, bytes));
  await write(
    at('dicom'),
    encoded.filter(({ path }) => path.endsWith('.dcm')),
  );
  await write(
    at('acdc'),
    encoded.filter(({ path }) => !path.endsWith('.dcm')),
  );
  // any weights: a network that has learnt nothing still tells classes apart
  const { bytes } = fileOf({ segmentation }, classes, { width: 4, size: 32, spacingMm: 8 });
  await write(at('run'), [memoryFile('weights.safetensors', bytes)]);
  await asSeg(at('dicom'), at('seg'));
}, 240_000);

describe('predict --format dicom-seg', () => {
  it('writes one file for each cardiac phase, the same every time', async () => {
    const names = (await readdir(at('seg'))).sort();
    expect(names).toHaveLength(2);
    expect(names[0]).toMatch(/_phase01\.dcm$/);
    await asSeg(at('dicom'), at('again'));
    for (const name of names)
      expect(Buffer.compare(await readFile(at('seg', name)), await readFile(at('again', name)))).toBe(0);
    const [one, two] = await Promise.all(names.map(async (name) => readSeg(await readFile(at('seg', name)))));
    expect(one!.set.SeriesInstanceUID).toBe(two!.set.SeriesInstanceUID);
    expect(one!.set.SOPInstanceUID).not.toBe(two!.set.SOPInstanceUID);
    expect([one!.set.InstanceNumber, two!.set.InstanceNumber]).toEqual([1, 2]);
    for (const uid of [one!.set.SOPInstanceUID, one!.set.SeriesInstanceUID])
      expect(uid).toMatch(/^2\.25\.\d{1,39}$/);
  });

  it('holds the masks that NIfTI has, at the images’ own places', async () => {
    await predict('--data', at('acdc'), '--out', at('nifti'));
    const images = new Map<string, Item>();
    for (const path of await files(at('dicom'))) {
      const set = readDicom(await readFile(path));
      images.set(String(set.SOPInstanceUID), set);
    }
    // phase 1 is end diastole
    const [path] = await files(at('seg'));
    const { set, bits } = readSeg(await readFile(path!));
    const mapPath = (await files(at('nifti'))).find((name) => name.includes('_ED'))!;
    const map = readNifti(new Uint8Array(await readFile(mapPath)), mapPath);
    const [columns, rows, slices] = map.dims as [number, number, number];
    const area = rows * columns;
    expect(set).toMatchObject({ Rows: rows, Columns: columns, BitsAllocated: 1, SegmentationType: 'BINARY' });
    const segments = list(set.SegmentSequence);
    expect(Number(set.NumberOfFrames)).toBe(segments.length * slices);
    const frames = list(set.PerFrameFunctionalGroupsSequence);
    const shared = list(set.SharedFunctionalGroupsSequence)[0]!;
    const [measures, orientation] = [
      list(shared.PixelMeasuresSequence)[0]!,
      list(shared.PlaneOrientationSequence)[0]!,
    ];
    const numbers: Readonly<Record<string, number>> = {
      'right ventricle': 1,
      myocardium: 2,
      'left ventricle': 3,
    };
    const marked = new Set<number>();
    for (const [f, frame] of frames.entries()) {
      const source = list(list(list(frame.DerivationImageSequence)[0]!.SourceImageSequence)[0]!)[0]!;
      const image = images.get(String(source.ReferencedSOPInstanceUID))!;
      expect(source.ReferencedSOPClassUID).toBe(image.SOPClassUID);
      expect(list(frame.PlanePositionSequence)[0]!.ImagePositionPatient).toEqual(image.ImagePositionPatient);
      expect(orientation.ImageOrientationPatient).toEqual(image.ImageOrientationPatient);
      expect(measures.PixelSpacing).toEqual(image.PixelSpacing);
      expect(measures.SliceThickness).toEqual(image.SliceThickness);
      expect(set.FrameOfReferenceUID).toBe(image.FrameOfReferenceUID);
      expect([set.StudyInstanceUID, set.PatientID]).toEqual([image.StudyInstanceUID, image.PatientID]);
      const number = list(frame.SegmentIdentificationSequence)[0]!.ReferencedSegmentNumber as number;
      const place = f % slices;
      expect(list(frame.FrameContentSequence)[0]!.DimensionIndexValues).toEqual([number, place + 1]);
      const value = numbers[String(segments[number - 1]!.SegmentLabel)]!;
      // slices of the NIfTI file lie where they say
      const z = (image.ImagePositionPatient as number[])[2]!;
      const k = Math.round((z - map.affine[11]!) / map.affine[10]!);
      const own = bits.slice(f * area, (f + 1) * area);
      const theirs = map.data.slice(k * area, (k + 1) * area).map((label) => Number(label === value));
      expect(Buffer.compare(own, Uint8Array.from(theirs)), `frame ${f}`).toBe(0);
      if (own.some((bit) => bit === 1)) marked.add(number);
    }
    expect(marked.size).toBe(segments.length);
  });

  it('marks the same however a stack is stored, on its own pixels', async () => {
    const planes = [0, 8, 16].map((offset) => shortAxisPlane(offset));
    const stackOf = (way: Way, w: number): FileSource[] =>
      planes.map((plane, i) => {
        const pixels = Int16Array.from(
          { length: 40 * 48 },
          (_, n) => 100 * Math.sin(n / 7 + i) ** 2 + (n % 48),
        );
        return imageFile(`way${w}/sax_1/${i}.dcm`, stored(plane, way), {
          ...{
            patientId: `way${w}`,
            seriesUid: `1.2.${w}`,
            frameOfReferenceUid: `1.3.${w}.${w === 3 ? i : 0}`,
            instanceNumber: i,
          },
          pixels: storedValues(pixels, plane, way),
          override: {
            '00080016': ['UI', '1.2.840.10008.5.1.4.1.1.4'],
            '00080018': ['UI', `1.5.${w}.${i}`],
            '0020000d': ['UI', `1.4.${w}`],
          },
        });
      });
    await write(at('ways'), ways.flatMap(stackOf));
    const { stderr } = await asSeg(at('ways'), at('waysseg'));
    expect(stderr).toContain(': 8 class maps');
    const paths = await files(at('waysseg'));
    const area = 40 * 48;
    const marked = await Promise.all(
      paths.map(async (path) => {
        const { bits } = readSeg(await readFile(path));
        return Array.from({ length: bits.length / area }, (_, f) => bits.slice(f * area, (f + 1) * area));
      }),
    );
    const plain = marked[0]!;
    expect(plain.some((frame) => new Set(frame).size === 2)).toBe(true);
    // the frames of reference of way 3 differ, and a segmentation has one
    expect(readSeg(await readFile(paths[3]!)).set.FrameOfReferenceUID).toBe('1.3.3.0');
    for (const [w, way] of ways.entries())
      for (const [f, frame] of plain.entries())
        expect(marked[w]![f], `way ${w}, frame ${f}`).toEqual(storedValues(frame, planes[0]!, way));
  });

  it('is in one frame of reference and one series in all phases, whatever single images say', async () => {
    const stack = [0, 8, 16].flatMap((offset, slice) =>
      [0, 1].map((phase) =>
        imageFile(`one/sax/${slice}-${phase}.dcm`, shortAxisPlane(offset, { rows: 40, columns: 48 }), {
          ...{ patientId: 'one', seriesUid: '1.2.9', instanceNumber: 2 * slice + phase },
          // the first slice has lost its UID
          frameOfReferenceUid: slice === 0 ? '' : `1.3.9.${phase}${slice}`,
          pixels: Int16Array.from({ length: 40 * 48 }, (_, n) => n % (48 + slice)),
          override: {
            '00080016': ['UI', '1.2.840.10008.5.1.4.1.1.4'],
            '00080018': ['UI', `1.5.9.${slice}.${phase}`],
            '00181060': ['DS', String(400 * phase)],
            '0020000d': ['UI', '1.4.9'],
          },
        }),
      ),
    );
    await write(at('one'), stack);
    expect((await asSeg(at('one'), at('oneseg'))).stderr).toContain(': 2 class maps');
    const sets = await Promise.all(
      (await files(at('oneseg'))).map(async (path) => readSeg(await readFile(path)).set),
    );
    expect(sets.map(({ FrameOfReferenceUID }) => FrameOfReferenceUID)).toEqual(['1.3.9.01', '1.3.9.01']);
    expect(new Set(sets.map(({ SeriesInstanceUID }) => SeriesInstanceUID)).size).toBe(1);
    expect(new Set(sets.map(({ SOPInstanceUID }) => SOPInstanceUID)).size).toBe(2);
  });

  it('names segments in SNOMED CT and all images by series', async () => {
    const [path] = await files(at('seg'));
    const { set } = readSeg(await readFile(path!));
    const codes = list(set.SegmentSequence).map((segment) => {
      const { CodeValue, CodingSchemeDesignator } = list(segment.SegmentedPropertyTypeCodeSequence)[0]!;
      return [segment.SegmentLabel, CodingSchemeDesignator, CodeValue];
    });
    expect(codes).toEqual([
      ['right ventricle', 'SCT', '53085002'],
      ['myocardium', 'SCT', '74281007'],
      ['left ventricle', 'SCT', '87878005'],
    ]);
    // each slice of the phantom is a series
    const series = list(set.ReferencedSeriesSequence);
    const slices = Number(set.NumberOfFrames) / 3;
    expect(series).toHaveLength(slices);
    const referenced = series.flatMap(({ ReferencedInstanceSequence }) => list(ReferencedInstanceSequence));
    expect(new Set(referenced.map(({ ReferencedSOPInstanceUID }) => ReferencedSOPInstanceUID)).size).toBe(
      slices,
    );
    expect(set.ContentDate).toBe(readDicom(await readFile((await files(at('dicom')))[0]!)).ContentDate);
  });

  it('needs DICOM images, and views that are known', async () => {
    await expect(asSeg(at('acdc'), at('none'))).rejects.toThrow(
      /holds no DICOM images, and a DICOM segmentation refers to those it is of.*--format nifti/,
    );
    await expect(predict('--data', at('dicom'), '--out', at('none'))).rejects.toThrow(
      /holds \d+ DICOM images and no volumes .*--format dicom-seg/,
    );
    await expect(predict('--data', at('acdc'), '--out', at('none'), '--map', 'a=short-axis')).rejects.toThrow(
      /--map says which DICOM series/,
    );
    await expect(asSeg(at('dicom'), at('none'), '--map', 'nothing=short-axis')).rejects.toThrow(/nothing/);
  });
});
