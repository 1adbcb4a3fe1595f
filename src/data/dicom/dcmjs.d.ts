/** @file Types of the part of dcmjs that writes files; the package ships none. */

declare module 'dcmjs' {
  export interface DicomElement {
    readonly vr: string;
    readonly Value: readonly (string | number | ArrayBufferLike)[];
  }

  export const data: {
    readonly DicomDict: new (
      meta: Readonly<Record<string, DicomElement>>,
    ) => {
      dict: Readonly<Record<string, DicomElement>>;
      write(options?: { readonly fragmentMultiframe?: boolean }): ArrayBuffer;
    };
  };
}
