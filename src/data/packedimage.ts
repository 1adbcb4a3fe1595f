/** @file An image whose header is packed among others, and read from there. */
import type { DicomHeader } from './dicom/header.ts';
import type { Moment } from './dicom/moment.ts';
import type { Common, PackedHeaders } from './packedheaders.ts';
import type { ScannedImage } from './scan.ts';
import type { FileSource, ImagePlane } from './types.ts';

const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value);

/** A header that is read from where it is packed, field by field. */
class PackedHeader implements DicomHeader {
  readonly file: string;
  readonly #headers: PackedHeaders;
  readonly #index: number;

  constructor(file: string, headers: PackedHeaders, index: number) {
    this.file = file;
    this.#headers = headers;
    this.#index = index;
  }

  get #common(): Common {
    return this.#headers.common(this.#index);
  }

  #number(at: number): number | null {
    return orNull(this.#headers.numbers(this.#index)[at]!);
  }

  get plane(): ImagePlane {
    return this.#headers.plane(this.#index);
  }
  get fileFrame(): number | null {
    return this.#number(11);
  }
  get instanceNumber(): number | null {
    return this.#number(12);
  }
  get acquisitionNumber(): number | null {
    return this.#number(13);
  }
  get temporalPosition(): number | null {
    return this.#number(14);
  }
  get triggerTimeMs(): number | null {
    return this.#number(15);
  }
  get acquired(): Moment {
    return { date: this.#common.acquired.date, seconds: this.#number(16) };
  }
  get contentMade(): Moment {
    return { date: this.#common.contentMade.date, seconds: this.#number(17) };
  }
  get sopInstanceUid(): string | null {
    return this.#headers.uid(this.#index);
  }
  get format(): DicomHeader['format'] {
    return this.#common.format;
  }
  get modality(): DicomHeader['modality'] {
    return this.#common.modality;
  }
  get sopClassUid(): DicomHeader['sopClassUid'] {
    return this.#common.sopClassUid;
  }
  get imageType(): DicomHeader['imageType'] {
    return this.#common.imageType;
  }
  get component(): DicomHeader['component'] {
    return this.#common.component;
  }
  get patientId(): DicomHeader['patientId'] {
    return this.#common.patientId;
  }
  get person(): DicomHeader['person'] {
    return this.#common.person;
  }
  get studyUid(): DicomHeader['studyUid'] {
    return this.#common.studyUid;
  }
  get seriesUid(): DicomHeader['seriesUid'] {
    return this.#common.seriesUid;
  }
  get seriesNumber(): DicomHeader['seriesNumber'] {
    return this.#common.seriesNumber;
  }
  get seriesDescription(): DicomHeader['seriesDescription'] {
    return this.#common.seriesDescription;
  }
  get frameOfReferenceUid(): DicomHeader['frameOfReferenceUid'] {
    return this.#common.frameOfReferenceUid;
  }
  get laterality(): DicomHeader['laterality'] {
    return this.#common.laterality;
  }
  get echoNumber(): DicomHeader['echoNumber'] {
    return this.#common.echoNumber;
  }
  get echoTimeMs(): DicomHeader['echoTimeMs'] {
    return this.#common.echoTimeMs;
  }
  get sliceStepMm(): DicomHeader['sliceStepMm'] {
    return this.#common.sliceStepMm;
  }
  get seriesMade(): DicomHeader['seriesMade'] {
    return this.#common.seriesMade;
  }
  get privateScaling(): DicomHeader['privateScaling'] {
    return this.#common.privateScaling;
  }

  /** All fields, for JSON: these are no properties of the object itself. */
  toJSON(): DicomHeader {
    const { file, plane, fileFrame, instanceNumber, acquisitionNumber, temporalPosition } = this;
    const { triggerTimeMs, acquired, contentMade, sopInstanceUid } = this;
    return {
      ...{ ...this.#common, file, plane, fileFrame, instanceNumber, acquisitionNumber, temporalPosition },
      ...{ triggerTimeMs, acquired, contentMade, sopInstanceUid },
    };
  }
}

/** An image whose header is packed. */
export class PackedImage implements ScannedImage {
  readonly source: FileSource;
  readonly #headers: PackedHeaders;
  readonly #index: number;

  constructor(source: FileSource, headers: PackedHeaders, index: number) {
    this.source = source;
    this.#headers = headers;
    this.#index = index;
  }

  get header(): DicomHeader {
    return new PackedHeader(this.source.path, this.#headers, this.#index);
  }
}
