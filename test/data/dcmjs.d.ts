/** @file The part of dcmjs (which ships no types) that the tests use to write a file. */

declare module 'dcmjs' {
  const dcmjs: {
    data: { datasetToDict(dataset: object): { write(): ArrayBuffer } };
  };
  export default dcmjs;
}
