/** @file The part of dcmjs (which ships no types) that the tests use to write and read files. */

declare module 'dcmjs' {
  const dcmjs: {
    data: {
      datasetToDict(dataset: object): { write(): ArrayBuffer };
      DicomMessage: { readFile(bytes: ArrayBufferLike): { dict: object } };
      DicomMetaDictionary: { naturalizeDataset(dict: object): Record<string, never> };
      BitArray: { unpack(bytes: ArrayBuffer): Uint8Array };
    };
  };
  export default dcmjs;
}
