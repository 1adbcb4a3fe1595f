/** @file A DICOM image's header: where it lies in the patient, what it belongs to, when it was made, how it is stored. */

import { GeometryError } from '../../base/errors.ts';
import { farthestMm, imagePlane, isPosition, isSpacing, spacingBoundsMm } from '../geometry.ts';
import type { ImagePlane } from '../types.ts';
import type { DataSet } from './dataset.ts';
import type { DicomFile } from './file.ts';
import { type PixelFormat, readFormat } from './format.ts';
import { type Moment, momentOf, momentOfDateTime } from './moment.ts';
import { tags } from './tags.ts';

/** What is read of an image’s header. */
export interface DicomHeader {
  readonly file: string;
  /** Index of the image in a file of several, from 0; null in a file of one. */
  readonly fileFrame: number | null;
  readonly plane: ImagePlane;
  readonly format: PixelFormat;
  /** Modality (0008,0060), in capitals. */
  readonly modality: string | null;
  readonly sopClassUid: string | null;
  /** FrameType (0008,9007) of an image in functional groups, else ImageType (0008,0008); in capitals. */
  readonly imageType: readonly string[];
  /** ComplexImageComponent (0008,9208), or GE's own (0043,102f), in capitals: MAGNITUDE, PHASE, REAL, IMAGINARY, MIXED. */
  readonly component: string | null;
  /** PatientID (0010,0020). */
  readonly patientId: string | null;
  /** PatientBirthDate and PatientSex, to tell patients of one PatientID apart; never shown. */
  readonly person: { readonly birthDate: string | null; readonly sex: string | null };
  readonly studyUid: string | null;
  /** SeriesInstanceUID (0020,000e). */
  readonly seriesUid: string | null;
  readonly seriesNumber: number | null;
  readonly seriesDescription: string | null;
  readonly frameOfReferenceUid: string | null;
  /** FrameLaterality (0020,9072), ImageLaterality (0020,0062) or Laterality (0020,0060), of what there are two of. */
  readonly laterality: 'L' | 'R' | null;
  readonly sopInstanceUid: string | null;
  /** InstanceNumber (0020,0013); of a file of several images, the place of this one from 1. */
  readonly instanceNumber: number | null;
  readonly acquisitionNumber: number | null;
  /** EchoNumbers (0018,0086), the first. */
  readonly echoNumber: number | null;
  /** EchoTime (0018,0081) or EffectiveEchoTime (0018,9082), ms. */
  readonly echoTimeMs: number | null;
  /** TemporalPositionIdentifier (0020,0100), TemporalPositionIndex (0020,9128) or TemporalPositionTimeOffset (0020,930d). */
  readonly temporalPosition: number | null;
  /** TriggerTime (0018,1060) or Nominal- or ActualCardiacTriggerDelayTime (0020,9153), (0020,9252): ms after the R wave. */
  readonly triggerTimeMs: number | null;
  /** The smaller of SliceThickness (0018,0050) and SpacingBetweenSlices (0018,0088), mm: what slices are apart at least. */
  readonly sliceStepMm: number | null;
  /** AcquisitionDateTime, or AcquisitionDate and AcquisitionTime. */
  readonly acquired: Moment;
  readonly seriesMade: Moment;
  readonly contentMade: Moment;
  /** Whether Philips' own scaling (2005,100e) stands beside RescaleSlope. */
  readonly privateScaling: boolean;
}

const spacingsNeeded = `Both spacings must be positive, from ${spacingBoundsMm[0]} to ${spacingBoundsMm[1]} mm; correct it.`;

function readPlane(data: DataSet): ImagePlane {
  const [px, py, pz] = data.required(tags.position, 3) as [number, number, number];
  const o = data.required(tags.orientation, 6) as [number, number, number, number, number, number];
  const [betweenRows, betweenColumns] = data.required(tags.pixelSpacing, 2) as [number, number];
  if (!isSpacing(betweenRows) || !isSpacing(betweenColumns))
    throw data.error(tags.pixelSpacing, `is [${betweenRows}, ${betweenColumns}] mm`, spacingsNeeded);
  if (!isPosition([px, py, pz]))
    throw data.error(
      tags.position,
      `is [${[px, py, pz].join(', ')}] mm`,
      `No patient lies further than ${farthestMm} mm from the scanner; correct it.`,
    );
  const [rows, columns] = [data.count(tags.rows), data.count(tags.columns)];
  if (rows === 0) throw data.error(tags.rows, 'is 0', 'The file holds no image.');
  if (columns === 0) throw data.error(tags.columns, 'is 0', 'The file holds no image.');
  try {
    return imagePlane({
      position: [px, py, pz],
      rowDirection: [o[0], o[1], o[2]],
      columnDirection: [o[3], o[4], o[5]],
      spacingMm: [betweenRows, betweenColumns],
      rows,
      columns,
    });
  } catch (error) {
    if (!(error instanceof GeometryError)) throw error;
    throw data.error(
      tags.orientation,
      `is [${o.join(', ')}]: not two perpendicular unit vectors`,
      'Correct it.',
    );
  }
}

/** What GE writes where ImageType says OTHER of all. */
const geComponents = ['MAGNITUDE', 'PHASE', 'REAL', 'IMAGINARY'];

function geComponent(data: DataSet): string | null {
  if (!data.text(tags.geCreator)?.startsWith('GEMS_PARM')) return null;
  return geComponents[data.hint(tags.geRawDataType) ?? -1] ?? null;
}

function acquiredAt(data: DataSet): Moment {
  const whole = data.text(tags.frameAcquisitionDateTime) ?? data.text(tags.acquisitionDateTime);
  const date = data.text(tags.acquisitionDate) ?? data.text(tags.seriesDate) ?? data.text(tags.studyDate);
  const parts = momentOf(date, data.text(tags.acquisitionTime));
  return parts.seconds === null && whole ? momentOfDateTime(whole) : parts;
}

/** BodyPartExamined (0018,0015) of which there is one: a side beside it means nothing. */
const single = /HEART|CARDI|CORONARY|CHEST|THORAX|ABDOMEN/;

function lateralityOf(data: DataSet): 'L' | 'R' | null {
  if (single.test(data.terms(tags.bodyPart)[0] ?? '')) return null;
  const texts = [tags.frameLaterality, tags.imageLaterality, tags.laterality].map(
    (tag) => data.terms(tag)[0],
  );
  const side = texts.find((text) => text !== undefined && text !== '');
  return side === 'L' || side === 'R' ? side : null;
}

/** What says less than the smallest spacing says nothing, as 0 does. Throws DicomError where slices cannot be so far apart. */
function sliceStep(data: DataSet): number | null {
  const [least, most] = spacingBoundsMm;
  const steps = [tags.sliceThickness, tags.spacingBetweenSlices].flatMap((tag) => {
    const step = Math.abs(data.hint(tag) ?? 0);
    if (step > most)
      throw data.error(tag, `is ${step} mm`, `Slices are at most ${most} mm apart; correct it.`);
    return step < least ? [] : [step];
  });
  return steps.length > 0 ? Math.min(...steps) : null;
}

/** Header of one image of an open file, whose elements `data` gives; see `readHeaders`. */
export function headerOf(dicom: DicomFile, data: DataSet, fileFrame: number | null): DicomHeader {
  const frameType = data.terms(tags.frameType);
  return {
    file: dicom.file,
    fileFrame,
    plane: readPlane(data),
    format: readFormat(data, dicom),
    modality: data.terms(tags.modality)[0] ?? null,
    sopClassUid: dicom.sopClass,
    imageType: frameType.length > 0 ? frameType : data.terms(tags.imageType),
    component: data.terms(tags.complexComponent)[0] ?? geComponent(data),
    patientId: data.text(tags.patientId),
    person: { birthDate: data.text(tags.birthDate), sex: data.text(tags.sex) },
    studyUid: data.text(tags.studyInstance),
    seriesUid: data.text(tags.seriesInstance),
    seriesNumber: data.hint(tags.seriesNumber),
    seriesDescription: data.text(tags.seriesDescription) ?? data.text(tags.protocolName),
    frameOfReferenceUid: data.text(tags.frameOfReference),
    laterality: lateralityOf(data),
    sopInstanceUid: data.text(tags.sopInstance),
    instanceNumber: fileFrame === null ? data.hint(tags.instanceNumber) : fileFrame + 1,
    acquisitionNumber: data.hint(tags.acquisitionNumber),
    echoNumber: data.hint(tags.echoNumbers),
    echoTimeMs: data.hint(tags.echoTime) ?? data.hint(tags.effectiveEchoTime),
    temporalPosition:
      data.hint(tags.temporalPosition) ?? data.hint(tags.temporalIndex) ?? data.hint(tags.temporalOffset),
    triggerTimeMs:
      data.hint(tags.nominalTriggerDelay) ??
      data.hint(tags.actualTriggerDelay) ??
      data.hint(tags.triggerTime),
    sliceStepMm: sliceStep(data),
    acquired: acquiredAt(data),
    seriesMade: momentOf(data.text(tags.seriesDate), data.text(tags.seriesTime)),
    contentMade: momentOf(data.text(tags.contentDate), data.text(tags.contentTime)),
    privateScaling: data.element(tags.philipsScaleSlope) !== undefined,
  };
}

/** A header for an image that was never in a DICOM file. */
export function bareHeader(file: string, plane: ImagePlane, known: Partial<DicomHeader>): DicomHeader {
  const none = null;
  const never: Moment = { date: none, seconds: none };
  return {
    file,
    fileFrame: none,
    plane: imagePlane(plane),
    format: {
      transferSyntax: '',
      bitsAllocated: 16,
      bitsStored: 16,
      shift: 0,
      signed: false,
      inverted: false,
      slope: 1,
      intercept: 0,
      padding: none,
    },
    modality: none,
    sopClassUid: none,
    imageType: [],
    component: none,
    patientId: none,
    person: { birthDate: none, sex: none },
    studyUid: none,
    seriesUid: none,
    seriesNumber: none,
    seriesDescription: none,
    frameOfReferenceUid: none,
    laterality: none,
    sopInstanceUid: none,
    instanceNumber: none,
    acquisitionNumber: none,
    echoNumber: none,
    echoTimeMs: none,
    temporalPosition: none,
    triggerTimeMs: none,
    sliceStepMm: none,
    acquired: never,
    seriesMade: never,
    contentMade: never,
    privateScaling: false,
    ...known,
  };
}
