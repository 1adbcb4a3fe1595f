/** @file What a JPEG 2000 codestream (ITU-T T.800 annex A) must hold to be whole: each tile, and a byte for each packet. */

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const markers = { tilePart: 0xff90, data: 0xff93, coding: 0xff52, componentCoding: 0xff53 } as const;

/** How the image is cut into packets (A.6.1, A.6.2). */
interface Coding {
  readonly layers: number;
  /** Decompositions: resolutions are one more. */
  readonly levels: number;
  /** Exponents of the precincts' sides at a resolution, from the smallest. */
  readonly precincts: readonly (readonly [across: number, down: number])[];
}

/** Where the fields of COD and of COC stand, from the marker on; of the latter for fewer than 257 components. */
const fields = { [markers.coding]: [4, 9, 14], [markers.componentCoding]: [5, 6, 11] } as const;

const LARGEST = 15;
const MOST_LEVELS = 32;

function codingOf(view: DataView, at: number, before: Coding | null): Coding {
  const marker = view.getUint16(at) as keyof typeof fields;
  const [style, levelsAt, precinctsAt] = fields[marker];
  const levels = view.getUint8(at + levelsAt);
  if (levels > MOST_LEVELS)
    throw new Error(`the stream has ${levels} decompositions, more than there can be`);
  const own = (view.getUint8(at + style) & 1) === 1;
  const precincts = Array.from({ length: levels + 1 }, (_, i) => {
    const sides = own ? view.getUint8(at + precinctsAt + i) : LARGEST * 17;
    return [sides & 15, sides >> 4] as const;
  });
  const layers = marker === markers.coding ? view.getUint16(at + 6) : (before?.layers ?? 1);
  return { layers, levels, precincts };
}

/** Goes through marker segments up to one of these, and where it is. */
function readCoding(view: DataView, from: number, stop: number, before: Coding | null) {
  let coding = before;
  let at = from;
  for (; view.getUint16(at) !== stop; at += 2 + Math.max(2, view.getUint16(at + 2)))
    if (view.getUint16(at) in fields) coding = codingOf(view, at, coding);
  return { coding, at };
}

type Span = readonly [from: number, to: number];

/** Where tiles lie along an axis (B.3), from SIZ: `at` is that of the image's far side. */
function spansOf(view: DataView, at: number): Span[] {
  const [far, near, side, origin] = [0, 8, 16, 24].map((offset) => view.getUint32(at + offset)) as [
    number,
    number,
    number,
    number,
  ];
  const count = side > 0 ? Math.ceil((far - origin) / side) : 0;
  // each tile takes fourteen bytes at least
  if (!(count >= 1 && 14 * count <= view.byteLength)) throw new Error('the stream lacks tiles of its image');
  return Array.from({ length: count }, (_, i) => {
    const from = origin + i * side;
    return [Math.max(from, near), Math.min(from + side, far)] as const;
  });
}

/** Precincts along an axis of a tile at a resolution (B.5, B.6). */
function precinctsAlong([from, to]: Span, below: number, exponent: number): number {
  const [start, end] = [Math.ceil(from / 2 ** below), Math.ceil(to / 2 ** below)];
  return end > start ? Math.ceil(end / 2 ** exponent) - Math.floor(start / 2 ** exponent) : 0;
}

function packetsOf(across: Span, down: Span, { layers, levels, precincts }: Coding): number {
  const counts = precincts.map(([x, y], resolution) => {
    const below = levels - resolution;
    return precinctsAlong(across, below, x) * precinctsAlong(down, below, y);
  });
  return layers * counts.reduce((sum, count) => sum + count, 0);
}

/** How each tile is coded; those that are not there are missing. */
function tileCodings(view: DataView): Map<number, Coding> {
  const found = new Map<number, Coding>();
  const main = readCoding(view, 2, markers.tilePart, null);
  let at = main.at;
  while (at + 12 <= view.byteLength && view.getUint16(at) === markers.tilePart) {
    const [tile, length] = [view.getUint16(at + 4), view.getUint32(at + 6)];
    const { coding } = readCoding(view, at + 12, markers.data, found.get(tile) ?? main.coding);
    if (coding === null) throw new Error('the stream does not say how it is coded');
    found.set(tile, coding);
    if (length < 14) break;
    at += length;
  }
  return found;
}

/**
 * Throws Error where a codestream of one component lacks a tile, or has fewer bytes than packets: what decoders make of
 * it takes any amount of memory and time.
 */
export function checkTiles(stream: Uint8Array): void {
  const view = viewOf(stream);
  const [columns, rows] = [spansOf(view, 8), spansOf(view, 12)];
  let found: Map<number, Coding>;
  try {
    found = tileCodings(view);
  } catch (error) {
    throw error instanceof RangeError ? new Error('the stream ends within a head', { cause: error }) : error;
  }
  if (found.size < columns.length * rows.length) throw new Error('the stream lacks tiles of its image');
  let packets = 0;
  for (const [j, down] of rows.entries())
    for (const [i, across] of columns.entries()) {
      const coding = found.get(j * columns.length + i);
      if (!coding) throw new Error('the stream lacks tiles of its image');
      packets += packetsOf(across, down, coding);
    }
  if (packets > stream.length) throw new Error('the stream ends before its image is full');
}
