/** @file Headers of many images in little memory: numbers in a row, what a series has in common once. */
import type { DicomHeader } from './dicom/header.ts';
import type { ScannedImage } from './scan.ts';
import type { FileSource, Vec3 } from './types.ts';

/** Images whose numbers lie in one piece of memory. */
const PIECE = 4096;

/** Headers that are kept as they are given out: those of a large subject. */
const RECENT = 2048;

/** What differs from image to image, as numbers; null is NaN. */
const WIDTH = 18;

const numberOr = (value: number | null): number => value ?? Number.NaN;
const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value);

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
type Common = Omit<DicomHeader, 'file' | 'sopInstanceUid'>;

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

/** An image whose header is packed. */
class PackedImage implements ScannedImage {
  readonly source: FileSource;
  readonly #headers: PackedHeaders;
  readonly #index: number;

  constructor(source: FileSource, headers: PackedHeaders, index: number) {
    this.source = source;
    this.#headers = headers;
    this.#index = index;
  }

  get header(): DicomHeader {
    return this.#headers.at(this.#index, this.source.path);
  }
}

/** Headers, from which those asked for are made again. A study's images agree in most of what they say. */
export class PackedHeaders {
  readonly #numbers: Float64Array[] = [];
  /** As JSON, which takes half as much as an object does. */
  readonly #commons: string[] = [];
  readonly #commonPlaces = new Map<string, number>();
  readonly #recentCommons = new Map<number, Common>();
  readonly #recent = new Map<number, DicomHeader>();
  /** Of each image the place of what it has in common with others. */
  readonly #places: Uint32Array[] = [];
  /** SOPInstanceUIDs, of each image its own. */
  readonly #uids: (string | null)[] = [];

  /** @param header of `source`, whose path it has */
  add(source: FileSource, header: DicomHeader): ScannedImage {
    const index = this.#uids.length;
    const at = index % PIECE;
    if (at === 0) {
      this.#numbers.push(new Float64Array(PIECE * WIDTH));
      this.#places.push(new Uint32Array(PIECE));
    }
    writeNumbers(header, this.#numbers.at(-1)!.subarray(at * WIDTH, (at + 1) * WIDTH));
    this.#places.at(-1)![at] = this.#placeOf(commonOf(header));
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

  #common(place: number): Common {
    return kept(this.#recentCommons, place, () => JSON.parse(this.#commons[place]!));
  }

  /** The header of image `index`, whose file is `file`. */
  at(index: number, file: string): DicomHeader {
    return kept(this.#recent, index, () => this.#unpacked(index, file));
  }

  #unpacked(index: number, file: string): DicomHeader {
    const [piece, at] = [Math.floor(index / PIECE), index % PIECE];
    const common = this.#common(this.#places[piece]![at]!);
    const own = this.#numbers[piece]!.subarray(at * WIDTH, (at + 1) * WIDTH);
    const vector = (from: number): Vec3 => [own[from]!, own[from + 1]!, own[from + 2]!];
    const value = (from: number): number | null => orNull(own[from]!);
    return {
      ...common,
      file,
      sopInstanceUid: this.#uids[index]!,
      plane: {
        ...common.plane,
        position: vector(0),
        rowDirection: vector(3),
        columnDirection: vector(6),
        spacingMm: [own[9]!, own[10]!],
      },
      fileFrame: value(11),
      instanceNumber: value(12),
      acquisitionNumber: value(13),
      temporalPosition: value(14),
      triggerTimeMs: value(15),
      acquired: { ...common.acquired, seconds: value(16) },
      contentMade: { ...common.contentMade, seconds: value(17) },
    };
  }
}
