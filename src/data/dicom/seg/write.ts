/** @file Writes a segmentation as DICOM SEG (PS3.3 A.51): binary, a frame for each segment and image it is of. */
import { ShapeError } from '../../../base/errors.ts';
import { DEIDENTIFIED } from '../terms.ts';
import { codesOf, isPrivate, privateScheme } from './codes.ts';
import { functionalGroups } from './groups.ts';
import type { SegmentedImage } from './source.ts';
import { contentUid } from './uid.ts';

/** One class of a class map. */
export interface Segment {
  readonly name: string;
  /** Its number in the map, above 0. */
  readonly number: number;
}

/** What a segmentation is of, and who made it. */
export interface Segmentation {
  /** The images, in the order of the map's slices; one study, frame of reference and size. */
  readonly images: readonly SegmentedImage[];
  /** [images, rows, columns]: numbers of segments, 0 elsewhere. */
  readonly labels: Uint8Array;
  readonly segments: readonly Segment[];
  /** Tells segmentations of one series apart, from 1. */
  readonly instance: number;
  readonly description: string;
  /** Version of this program. */
  readonly software: string;
  /** Tells networks apart: checksum of the weights. */
  readonly weights: string;
}

const STORAGE = '1.2.840.10008.5.1.4.1.1.66.4';
const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';
/** Where no image says when it was made. */
const NEVER = { date: '19000101', time: '000000' };

const refuse = (argument: string, problem: string, fix: string): ShapeError =>
  new ShapeError('writeSegmentation', argument, problem, fix);

/** Throws ShapeError for a map that is not of the images, or images that are not one stack's. */
function check({ images, labels, segments }: Segmentation): void {
  const [first] = images;
  if (!first || segments.length === 0) throw refuse('images', 'or segments are none', 'Give one or more.');
  for (const { rows, columns, study, sopInstanceUid } of images) {
    if (rows !== first.rows || columns !== first.columns)
      throw refuse(
        'images',
        `are of ${first.rows}×${first.columns} and ${rows}×${columns} pixels (${sopInstanceUid})`,
        'Give those of one size.',
      );
    const { studyUid, frameOfReferenceUid } = first.study;
    if (study.studyUid !== studyUid || study.frameOfReferenceUid !== frameOfReferenceUid)
      throw refuse('images', 'are of several studies or frames of reference', 'Give those of one.');
  }
  const count = images.length * first.rows * first.columns;
  if (labels.length !== count)
    throw refuse('labels', `have ${labels.length} values for ${count} pixels`, 'Give one a pixel.');
  const known = new Set([0, ...segments.map(({ number }) => number)]);
  const stray = labels.find((label) => !known.has(label));
  if (stray !== undefined) throw refuse('labels', `hold ${stray}, which is no segment`, 'Name it.');
}

/** Masks of all segments, images within each, bit by bit from the lowest of each byte (PS3.5 8.1.1); an even length. */
function pixelData({ labels, segments }: Segmentation): Uint8Array<ArrayBuffer> {
  const bits = segments.length * labels.length;
  const bytes = new Uint8Array(2 * Math.ceil(bits / 16));
  for (const [s, { number }] of segments.entries())
    for (let i = 0, bit = s * labels.length; i < labels.length; i++, bit++)
      if (labels[i] === number) bytes[bit >> 3]! |= 1 << (bit & 7);
  return bytes;
}

function segmentItem({ name }: Segment, index: number): object {
  const { category, type } = codesOf(name);
  return {
    SegmentedPropertyCategoryCodeSequence: [category],
    SegmentNumber: index + 1,
    SegmentLabel: name.slice(0, 64),
    SegmentAlgorithmType: 'AUTOMATIC',
    SegmentAlgorithmName: 'planewise',
    SegmentedPropertyTypeCodeSequence: [type],
  };
}

/** Series and images that the segmentation is of (PS3.3 C.12.4). */
function references(images: readonly SegmentedImage[]): object[] {
  const series = [...new Set(images.map(({ seriesUid }) => seriesUid))];
  return series.map((SeriesInstanceUID) => {
    const own = images.filter(({ seriesUid }) => seriesUid === SeriesInstanceUID);
    const instances = new Map(own.map(({ sopInstanceUid, sopClassUid }) => [sopInstanceUid, sopClassUid]));
    return {
      SeriesInstanceUID,
      ReferencedInstanceSequence: [...instances].map(([instance, sopClass]) => ({
        ReferencedSOPClassUID: sopClass,
        ReferencedSOPInstanceUID: instance,
      })),
    };
  });
}

function patientAndStudy({ study }: SegmentedImage): object {
  return {
    StudyDate: study.studyDate,
    StudyTime: study.studyTime,
    AccessionNumber: study.accessionNumber,
    ReferringPhysicianName: study.referringPhysician,
    PatientName: study.patientName,
    PatientID: study.patientId,
    PatientBirthDate: study.birthDate,
    PatientSex: study.sex,
    ...(study.isPseudonymous && { PatientIdentityRemoved: 'YES', DeidentificationMethod: DEIDENTIFIED }),
    StudyInstanceUID: study.studyUid,
    StudyID: study.studyId,
    FrameOfReferenceUID: study.frameOfReferenceUid,
    PositionReferenceIndicator: '',
  };
}

function equipment({ software, weights }: Segmentation): object {
  return {
    Manufacturer: 'planewise',
    ManufacturerModelName: 'planewise',
    DeviceSerialNumber: weights,
    SoftwareVersions: software,
  };
}

/** How frames are numbered: by segment, then by where they lie. */
function dimensions(organization: string): object {
  const index = (DimensionIndexPointer: number, FunctionalGroupPointer: number, label: string): object => ({
    DimensionOrganizationUID: organization,
    DimensionIndexPointer,
    FunctionalGroupPointer,
    DimensionDescriptionLabel: label,
  });
  return {
    DimensionOrganizationSequence: [{ DimensionOrganizationUID: organization }],
    DimensionIndexSequence: [
      index(0x0062000b, 0x0062000a, 'ReferencedSegmentNumber'),
      index(0x00200032, 0x00209113, 'ImagePositionPatient'),
    ],
  };
}

function imageModule({ images, segments }: Segmentation, pixels: Uint8Array<ArrayBuffer>): object {
  const { rows, columns } = images[0]!;
  return {
    ImageType: ['DERIVED', 'PRIMARY'],
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    NumberOfFrames: segments.length * images.length,
    Rows: rows,
    Columns: columns,
    BitsAllocated: 1,
    BitsStored: 1,
    HighBit: 0,
    PixelRepresentation: 0,
    LossyImageCompression: '00',
    SegmentationType: 'BINARY',
    ContentLabel: 'SEGMENTATION',
    ContentCreatorName: 'planewise',
    SegmentSequence: segments.map(segmentItem),
    PixelData: pixels.buffer,
    _vrMap: { PixelData: 'OB' },
  };
}

/**
 * The bytes of a DICOM SEG, in explicit VR little endian, text in UTF-8. UIDs follow from the content (the series from
 * what is the same for all instances of a stack), dates from the first image: no clock, no chance, so that the same call
 * gives the same bytes.
 * @throws ShapeError for a map that is not of the images, or has a number that is no segment
 */
export async function writeSegmentation(given: Segmentation): Promise<Uint8Array> {
  check(given);
  const { images, segments, instance, description, weights, software } = given;
  const first = images[0]!;
  const pixels = pixelData(given);
  const names = JSON.stringify([
    software,
    weights,
    segments,
    [...new Set(images.map(({ seriesUid }) => seriesUid))],
  ]);
  const series = await contentUid('series', names, first.study.studyUid, first.study.frameOfReferenceUid);
  const of = JSON.stringify(images.map(({ sopInstanceUid, frameNumber }) => [sopInstanceUid, frameNumber]));
  const sop = await contentUid('instance', series, of, String(instance), pixels);
  const unknown = segments.some(({ name }) => isPrivate(codesOf(name)));
  const dataset = {
    SpecificCharacterSet: 'ISO_IR 192',
    SOPClassUID: STORAGE,
    SOPInstanceUID: sop,
    ...(unknown && { CodingSchemeIdentificationSequence: [privateScheme] }),
    ...patientAndStudy(first),
    ...equipment(given),
    ContentDate: first.date || NEVER.date,
    ContentTime: first.time || NEVER.time,
    Modality: 'SEG',
    SeriesInstanceUID: series,
    SeriesNumber: 1,
    SeriesDescription: 'Segmentation by planewise',
    InstanceNumber: instance,
    ContentDescription: description.slice(0, 64),
    ReferencedSeriesSequence: references(images),
    ...dimensions(await contentUid('dimensions', sop)),
    ...functionalGroups(images, segments.length),
    ...imageModule(given, pixels),
  };
  return encode(dataset, sop, await contentUid('planewise'));
}

async function encode(dataset: object, sop: string, implementation: string): Promise<Uint8Array> {
  // larger than the page, which writes such files on demand alone
  const { data } = await import('dcmjs');
  const file = new data.DicomDict({
    '00020001': { vr: 'OB', Value: [new Uint8Array([0, 1]).buffer] },
    '00020002': { vr: 'UI', Value: [STORAGE] },
    '00020003': { vr: 'UI', Value: [sop] },
    '00020010': { vr: 'UI', Value: [EXPLICIT_LITTLE_ENDIAN] },
    '00020012': { vr: 'UI', Value: [implementation] },
    '00020013': { vr: 'SH', Value: ['PLANEWISE'] },
  });
  file.dict = data.DicomMetaDictionary.denaturalizeDataset(dataset);
  return new Uint8Array(file.write({ fragmentMultiframe: false }));
}
