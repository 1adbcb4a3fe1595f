/** @file DICOM SEG from images to bytes and back: bits, geometry, names in any script, classes without a code, what is refused. */
import dcmjs from 'dcmjs';
import { describe, expect, it } from 'vitest';
import { DicomError, ShapeError } from '../../../src/base/errors.ts';
import { codesOf } from '../../../src/data/dicom/seg/codes.ts';
import { segmentedImage } from '../../../src/data/dicom/seg/source.ts';
import { contentUid } from '../../../src/data/dicom/seg/uid.ts';
import { type Segmentation, writeSegmentation } from '../../../src/data/dicom/seg/write.ts';
import { shortAxisPlane, type TestImage, writeDicom } from '../dicom-writer.ts';
import { type Item, list, readDicom } from './readseg.ts';

const MR = '1.2.840.10008.5.1.4.1.1.4';

const here = { frame: null, frameOfReferenceUid: null };

/** Image `i` of a stack of 3 × 5 pixels. */
function image(i: number, rest: Omit<TestImage, 'plane'> = {}) {
  const plane = { ...shortAxisPlane(8 * i), rows: 3, columns: 5, spacingMm: [1.25, 1.3671875] as const };
  const override = {
    '00080016': ['UI', MR] as const,
    '0020000d': ['UI', '1.2.3'] as const,
    ...rest.override,
  };
  const bytes = writeDicom({ plane, instanceNumber: i + 1, ...rest, override });
  return segmentedImage(bytes, `${i}.dcm`, here);
}

const labels = Uint8Array.from({ length: 45 }, (_, i) => (i * 7) % 4);
const segments = ['right ventricle', 'scar', 'left ventricle'].map((name, i) => ({ name, number: i + 1 }));

const given = (rest: Partial<Segmentation> = {}): Segmentation => ({
  images: [image(0), image(1), image(2)],
  ...{ labels, segments, instance: 4, description: 'Cardiac phase 4', software: '1.2.3', weights: 'abcd' },
  ...rest,
});

async function written(rest: Partial<Segmentation> = {}): Promise<Item> {
  return readDicom(await writeSegmentation(given(rest)));
}

describe('a segmentation', () => {
  it('has the masks, bit by bit, where frames do not end with a byte', async () => {
    const set = await written();
    const bits = dcmjs.data.BitArray.unpack([set.PixelData].flat()[0] as ArrayBuffer);
    const expected = segments.flatMap(({ number }) =>
      Array.from(labels, (label) => Number(label === number)),
    );
    expect(Array.from(bits.slice(0, expected.length), (bit) => Number(bit > 0))).toEqual(expected);
    // 135 bits are 17 bytes, and an even number is written
    expect(bits.length).toBe(8 * 18);
    expect(Number(set.NumberOfFrames)).toBe(9);
  });

  it('lies where its images lie, to the digit', async () => {
    const set = await written();
    const [shared] = list(set.SharedFunctionalGroupsSequence);
    const [measures] = list(shared!.PixelMeasuresSequence);
    expect(measures).toMatchObject({
      PixelSpacing: [1.25, 1.3671875],
      SpacingBetweenSlices: 8,
      SliceThickness: 8,
    });
    const frames = list(set.PerFrameFunctionalGroupsSequence);
    const { images } = given();
    for (const [f, frame] of frames.entries()) {
      const [position] = list(frame.PlanePositionSequence);
      expect(position!.ImagePositionPatient).toEqual(images[f % 3]!.position);
    }
    expect(list(shared!.PlaneOrientationSequence)[0]!.ImageOrientationPatient).toEqual(
      images[0]!.orientation,
    );
  });

  it('tells the step of its stack, not a mean over the gaps of missing slices', async () => {
    const measuresOf = async (places: readonly number[]) => {
      const set = await written({
        images: places.map((place) => image(place)),
        labels: new Uint8Array(15 * places.length),
      });
      return list(list(set.SharedFunctionalGroupsSequence)[0]!.PixelMeasuresSequence)[0]!;
    };
    expect(await measuresOf([0, 1, 2, 4, 5, 8])).toMatchObject({ SpacingBetweenSlices: 8 });
    expect(await measuresOf([5])).not.toHaveProperty('SpacingBetweenSlices');
  });

  it('gives each frame its own orientation where these differ', async () => {
    const turned = { ...image(1), orientation: [0, 1, 0, -1, 0, 0] };
    const set = await written({ images: [image(0), turned, image(2)] });
    const [shared] = list(set.SharedFunctionalGroupsSequence);
    expect(shared!.PlaneOrientationSequence).toBeUndefined();
    const [, second] = list(set.PerFrameFunctionalGroupsSequence);
    expect(list(second!.PlaneOrientationSequence)[0]!.ImageOrientationPatient).toEqual(turned.orientation);
  });

  it('takes over patient and study, in any script', async () => {
    const override = {
      '00080005': ['CS', 'ISO_IR 192'],
      '00100010': ['PN', 'Müller^Jürgen=山田^太郎'],
      '00200010': ['SH', 'S1'],
      '00080020': ['DA', '20260102'],
      '00080030': ['TM', '030405'],
    } as const;
    const set = await written({ images: [0, 1, 2].map((i) => image(i, { override })) });
    expect(String(set.PatientName)).toContain('Müller^Jürgen');
    expect(set).toMatchObject({ PatientID: 'patient', StudyID: 'S1', StudyInstanceUID: '1.2.3' });
    expect(set).toMatchObject({
      ContentDate: '20260102',
      ContentTime: '030405',
      FrameOfReferenceUID: '1.2.2',
    });
    expect((await written()).ContentDate).toBe('19000101');
  });

  it('names classes without a code by a private scheme that it declares', async () => {
    const set = await written();
    const types = list(set.SegmentSequence).map((item) => list(item.SegmentedPropertyTypeCodeSequence)[0]!);
    expect(types.map(({ CodingSchemeDesignator }) => CodingSchemeDesignator)).toEqual([
      'SCT',
      '99PLANEWISE',
      'SCT',
    ]);
    expect(types[1]).toMatchObject({
      CodeMeaning: 'scar',
      CodeValue: expect.stringMatching(/^class-[0-9a-f]{8}$/),
    });
    expect(list(set.CodingSchemeIdentificationSequence)[0]!.CodingSchemeDesignator).toBe('99PLANEWISE');
    const known = await written({
      segments: [{ name: 'myocardium', number: 1 }],
      labels: labels.map((v) => v & 1),
    });
    expect(known.CodingSchemeIdentificationSequence).toBeUndefined();
    const long = codesOf('x'.repeat(99)).type;
    expect([long.CodeValue.length <= 16, long.CodeMeaning.length]).toEqual([true, 64]);
    expect(codesOf('constructor').type.CodingSchemeDesignator).toBe('99PLANEWISE');
  });

  it('refers to its images, frame by frame in files of several', async () => {
    const images = [0, 1, 2].map((i) => ({ ...image(i), sopInstanceUid: '1.9.1', frameNumber: i + 1 }));
    const set = await written({ images });
    const [series] = list(set.ReferencedSeriesSequence);
    expect(list(series!.ReferencedInstanceSequence)).toHaveLength(1);
    const frames = list(set.PerFrameFunctionalGroupsSequence).map((frame) => {
      const [derivation] = list(frame.DerivationImageSequence);
      return Number(list(derivation!.SourceImageSequence)[0]!.ReferencedFrameNumber);
    });
    expect(frames).toEqual([1, 2, 3, 1, 2, 3, 1, 2, 3]);
  });

  it('has UIDs of its content', async () => {
    const [one, two] = [await writeSegmentation(given()), await writeSegmentation(given())];
    expect(Buffer.compare(one, two)).toBe(0);
    const [set, other] = [
      await written(),
      await written({ labels: labels.map((v) => (v + 1) % 4), instance: 5 }),
    ];
    expect(set.SOPInstanceUID).not.toBe(other.SOPInstanceUID);
    expect(set.SeriesInstanceUID).toBe(other.SeriesInstanceUID);
    expect((await written({ weights: 'other' })).SeriesInstanceUID).not.toBe(set.SeriesInstanceUID);
    // where one part ends and the next begins matters
    expect(await contentUid('ab', 'c')).not.toBe(await contentUid('a', 'bc'));
    expect(await contentUid('a')).toMatch(/^2\.25\.[1-9]\d{36,38}$/);
  });

  it('is refused of what is no stack, and for labels that are no segments', async () => {
    const failed = async (rest: Partial<Segmentation>, message: RegExp) => {
      await expect(writeSegmentation(given(rest))).rejects.toThrow(ShapeError);
      await expect(writeSegmentation(given(rest))).rejects.toThrow(message);
    };
    await failed({ images: [] }, /none/);
    await failed({ labels: labels.slice(1) }, /44 values for 45 pixels/);
    await failed({ labels: labels.map((v) => 2 * v) }, /hold [46], which is no segment/);
    await failed({ images: [image(0), image(1), { ...image(2), rows: 4 }] }, /3×5 and 4×5/);
    const elsewhere = { ...image(2), study: { ...image(2).study, frameOfReferenceUid: '9.9' } };
    await failed({ images: [image(0), image(1), elsewhere] }, /frames of reference/);
  });

  it('needs images that say who and where they are', () => {
    for (const tag of ['0020000d', '00200052', '00080018', '00080016'])
      expect(() => image(0, { override: { [tag]: null } }), tag).toThrow(DicomError);
    expect(() => image(0, { override: { '00200052': null } })).toThrow(
      /^0\.dcm: FrameOfReferenceUID \(0020,0052\)/,
    );
    // written, it would name another image
    for (const tag of ['0020000d', '0020000e', '00200052', '00080018', '00080016'])
      expect(() => image(0, { override: { [tag]: ['UI', `1.${'2'.repeat(63)}`] } }), tag).toThrow(
        /has 65 characters, and a UID at most 64/,
      );
  });
});
