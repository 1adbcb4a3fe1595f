/** @file Finds copies: images whose headers agree and whose stored pixels are the same. */

import { type DicomFile, openDicom } from './dicom/file.ts';
import { storedPixels } from './dicom/stored.ts';
import { imageBytes } from './imagebytes.ts';
import type { ScannedImage } from './scan.ts';
import type { FileSource } from './types.ts';

/** Images that agree in all this may be copies of one. */
function identity({ header }: ScannedImage): string {
  const { plane } = header;
  return [
    header.patientId,
    header.studyUid,
    header.seriesUid,
    header.sopInstanceUid,
    header.instanceNumber,
    header.triggerTimeMs,
    header.acquisitionNumber,
    header.temporalPosition,
    header.imageType,
    plane.position,
    plane.rowDirection,
    plane.columnDirection,
  ].join();
}

/** Length and two 32-bit FNV-1a sums, of all bytes and of those in reverse: what tells pixels apart. */
function sumOf(bytes: Uint8Array): string {
  let [forth, back] = [0x811c9dc5, 0x811c9dc5];
  for (let i = 0; i < bytes.length; i++) {
    forth = Math.imul(forth ^ bytes[i]!, 0x01000193);
    back = Math.imul(back ^ bytes[bytes.length - 1 - i]!, 0x01000193);
  }
  return `${bytes.length} ${forth} ${back}`;
}

/** 30 bits of a text's FNV-1a sum: a key that takes no memory. */
function keyOf(text: string): number {
  let sum = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) sum = Math.imul(sum ^ text.charCodeAt(i), 0x01000193);
  return sum >>> 2;
}

/** Images seen so far, to find copies among those that come. Pixels are read only where headers agree, and once. */
export class Copies {
  /** By a key of their identity, which others may have too; most are alone with theirs. */
  readonly #seen = new Map<number, ScannedImage | ScannedImage[]>();
  /** Of images' pixels, where they were asked for; null where they could not be read. */
  readonly #sums = new Map<ScannedImage, Promise<string | null>>();
  /** The files opened last: those of several images are asked for again. */
  #open: { readonly source: FileSource; readonly file: Promise<DicomFile> }[] = [];

  /** The image this one is a copy of, or null; then it counts as seen. */
  async originalOf(image: ScannedImage): Promise<ScannedImage | null> {
    const own = identity(image);
    const key = keyOf(own);
    const found = this.#seen.get(key);
    const there = found === undefined ? [] : Array.isArray(found) ? found : [found];
    for (const other of there)
      if (identity(other) === own) {
        const sum = await this.#sumOf(image);
        if (sum !== null && (await this.#sumOf(other)) === sum) return other;
      }
    this.#seen.set(key, there.length === 0 ? image : [...there, image]);
    return null;
  }

  #sumOf(image: ScannedImage): Promise<string | null> {
    const known = this.#sums.get(image);
    if (known) return known;
    const sum = this.#read(image).catch(() => null);
    this.#sums.set(image, sum);
    return sum;
  }

  async #read({ source, header }: ScannedImage): Promise<string> {
    let open = this.#open.find((one) => one.source === source);
    if (open === undefined) {
      open = { source, file: imageBytes(source).then((bytes) => openDicom(bytes, source.path)) };
      this.#open = [open, ...this.#open.slice(0, 1)];
    }
    return sumOf(storedPixels(await open.file, header));
  }
}
