/** @file Headers of many images in little memory: numbers in a row, what a series has in common once. */
import type { DicomHeader } from './dicom/header.ts';
import { PackedImage } from './packedimage.ts';
import type { ScannedImage } from './scan.ts';
import type { FileSource, ImagePlane, Vec3 } from './types.ts';

/** Images whose numbers lie in one piece of memory. */
const PIECE = 4096;

/** What is kept as it is given out: the planes of a large subject's images. */
const RECENT = 2048;

/** What differs from image to image, as numbers; null is NaN. */
const WIDTH = 18;

const numberOr = (value: number | null): number => value ?? Number.NaN;

function writeNumbers(header: DicomHeader, into: Float64Array): void {
  const { plane } = header;
  into.set(plane.position);
  into.set(plane.rowDirection, 3);
  into.set(plane.columnDirection, 6);
  into.set(plane.spacingMm, 9);
  const own = [
    header.fileFrame,
    header.instanceNumber,
    header.acquisitionNumber,
    header.temporalPosition,
    header.triggerTimeMs,
    header.acquired.seconds,
    header.contentMade.seconds,
  ];
  into.set(own.map(numberOr), 11);
}

/** What many images have in common. */
export type Common = Omit<DicomHeader, 'file' | 'sopInstanceUid'>;

/** Of a header what `writeNumbers` does not write, nor is written beside it. */
function commonOf(header: DicomHeader): Common {
  const { file: _, sopInstanceUid: __, plane, acquired, contentMade, ...rest } = header;
  const none = [0, 0, 0] as const;
  const place = { position: none, rowDirection: none, columnDirection: none, spacingMm: [0, 0] as const };
  return {
    ...rest,
    plane: { ...plane, ...place },
    fileFrame: null,
    instanceNumber: null,
    acquisitionNumber: null,
    temporalPosition: null,
    triggerTimeMs: null,
    acquired: { ...acquired, seconds: null },
    contentMade: { ...contentMade, seconds: null },
  };
}

/** What is kept under a key, else made and kept; so many at most. */
function kept<T>(among: Map<number, T>, key: number, make: () => T): T {
  const known = among.get(key);
  if (known !== undefined) return known;
  if (among.size >= RECENT) among.clear();
  const made = make();
  among.set(key, made);
  return made;
}

/** Headers, from which those asked for are made again. A study's images agree in most of what they say. */
export class PackedHeaders {
  readonly #numbers: Float64Array[] = [];
  /** As JSON, which takes half as much as an object does. */
  readonly #commons: string[] = [];
  readonly #commonPlaces = new Map<string, number>();
  readonly #recentCommons = new Map<number, Common>();
  readonly #recentPlanes = new Map<number, ImagePlane>();
  /** Of each image the place of what it has in common with others. */
  readonly #places: Uint32Array[] = [];
  /** SOPInstanceUIDs, of each image its own. */
  readonly #uids: (string | null)[] = [];

  /** @param header of `source`, whose path it has */
  add(source: FileSource, header: DicomHeader): ScannedImage {
    const index = this.#uids.length;
    if (index % PIECE === 0) {
      this.#numbers.push(new Float64Array(PIECE * WIDTH));
      this.#places.push(new Uint32Array(PIECE));
    }
    writeNumbers(header, this.numbers(index));
    this.#places.at(-1)![index % PIECE] = this.#placeOf(commonOf(header));
    this.#uids.push(header.sopInstanceUid);
    return new PackedImage(source, this, index);
  }

  #placeOf(common: Common): number {
    const text = JSON.stringify(common);
    const known = this.#commonPlaces.get(text);
    if (known !== undefined) return known;
    this.#commons.push(text);
    this.#commonPlaces.set(text, this.#commons.length - 1);
    return this.#commons.length - 1;
  }

  /** What `writeNumbers` wrote of image `index`. */
  numbers(index: number): Float64Array {
    const at = (index % PIECE) * WIDTH;
    return this.#numbers[Math.floor(index / PIECE)]!.subarray(at, at + WIDTH);
  }

  common(index: number): Common {
    const place = this.#places[Math.floor(index / PIECE)]![index % PIECE]!;
    return kept(this.#recentCommons, place, () => JSON.parse(this.#commons[place]!));
  }

  uid(index: number): string | null {
    return this.#uids[index]!;
  }

  plane(index: number): ImagePlane {
    return kept(this.#recentPlanes, index, () => {
      const own = this.numbers(index);
      const vector = (from: number): Vec3 => [own[from]!, own[from + 1]!, own[from + 2]!];
      const { rows, columns } = this.common(index).plane;
      return {
        position: vector(0),
        rowDirection: vector(3),
        columnDirection: vector(6),
        spacingMm: [own[9]!, own[10]!],
        rows,
        columns,
      };
    });
  }
}
