/** @file Reads DICOM SEG with dcmjs, which wrote none of the code under test but the encoding. */
import dcmjs from 'dcmjs';

/** A data set by names, sequences as lists. */
export type Item = Readonly<Record<string, unknown>>;

/** A sequence's items, or a value of any number. */
export const list = (value: unknown): Item[] => [value].flat() as Item[];

export function readDicom({ buffer, byteOffset, length }: Uint8Array): Item {
  const { dict } = dcmjs.data.DicomMessage.readFile(buffer.slice(byteOffset, byteOffset + length));
  return dcmjs.data.DicomMetaDictionary.naturalizeDataset(dict);
}

export interface Seg {
  readonly set: Item;
  /** 0 and 1, frame after frame. */
  readonly bits: Uint8Array;
}

export function readSeg(bytes: Uint8Array): Seg {
  const set = readDicom(bytes);
  const pixels = [set.PixelData].flat()[0] as ArrayBuffer;
  return { set, bits: dcmjs.data.BitArray.unpack(pixels).map((bit) => Number(bit > 0)) };
}
