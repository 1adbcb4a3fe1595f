/** @file Types of the part of dcmjs that writes files; the package ships none. */

declare module 'dcmjs' {
  export interface DicomElement {
    readonly vr: string;
    readonly Value: readonly (string | number | ArrayBufferLike)[];
  }

  export const data: {
    readonly DicomMetaDictionary: {
      /** Elements by tag of a data set by names, sequences as lists of such; `_vrMap` says what names leave open. */
      denaturalizeDataset(dataset: object): Readonly<Record<string, DicomElement>>;
    };
    readonly DicomDict: new (
      meta: Readonly<Record<string, DicomElement>>,
    ) => {
      dict: Readonly<Record<string, DicomElement>>;
      write(options?: {
        readonly fragmentMultiframe?: boolean;
        /** Whether values longer than their VR allows are written; else some throw. */
        readonly allowInvalidVRLength?: boolean;
      }): ArrayBuffer;
    };
  };
}
