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

interface Seen {
  readonly image: ScannedImage;
  /** Of its pixels; null where they could not be read. */
  sum?: Promise<string | null>;
}

/** Images seen so far, to find copies among those that come. Pixels are read only where headers agree, and once. */
export class Copies {
  readonly #seen = new Map<string, Seen[]>();
  /** The files opened last: those of several images are asked for again. */
  #open: { readonly source: FileSource; readonly file: Promise<DicomFile> }[] = [];

  /** The image this one is a copy of, or null; then it counts as seen. */
  async originalOf(image: ScannedImage): Promise<ScannedImage | null> {
    const key = identity(image);
    const own: Seen = { image };
    const alike = this.#seen.get(key);
    if (alike === undefined) {
      this.#seen.set(key, [own]);
      return null;
    }
    const sum = await this.#sumOf(own);
    for (const other of alike) if (sum !== null && (await this.#sumOf(other)) === sum) return other.image;
    alike.push(own);
    return null;
  }

  #sumOf(seen: Seen): Promise<string | null> {
    seen.sum ??= this.#read(seen.image).catch(() => null);
    return seen.sum;
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
