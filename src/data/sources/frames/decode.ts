/** @file Frames of a colour video as PNG or JPEG, 8 bits a channel, sRGB. */
import { FileError } from '../../../base/errors.ts';
import { decodeColourJpeg } from '../../dicom/codecs/jpeg.ts';

/** A frame's bytes. */
export interface Frame {
  readonly rows: number;
  readonly columns: number;
  /** [rows, columns, 3] */
  readonly rgb: Uint8Array;
}

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** Pixels that a picture may have: more are no frame, and would fill the memory. */
const MOST_PIXELS = 2 ** 26;

const grey = (file: string): FileError =>
  new FileError(file, 'is grey, so there is no colour to learn', 'Give frames in colour.');

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function checkSize(file: string, columns: number, rows: number): void {
  if (columns < 1 || rows < 1 || columns * rows > MOST_PIXELS)
    throw new FileError(
      file,
      `says that it is ${columns} × ${rows} px`,
      `Give frames of 1 to ${MOST_PIXELS} pixels.`,
    );
}

/** The pixels without the last channel, which must be opaque. */
function withoutAlpha(data: Uint8Array, file: string): Uint8Array {
  const rgb = new Uint8Array((data.length / 4) * 3);
  for (let i = 0, to = 0; i < data.length; i += 4) {
    if (data[i + 3] !== 255)
      throw new FileError(
        file,
        'has an alpha channel, in which not all is opaque',
        'Write it again without one: what is seen through it is not known.',
      );
    for (let k = 0; k < 3; k++) rgb[to++] = data[i + k]!;
  }
  return rgb;
}

async function readPng(bytes: Uint8Array, file: string): Promise<Frame> {
  const { convertIndexedToRgb, decode } = await import('fast-png');
  // width, height and depth of IHDR, which is the first chunk
  const head = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 26) throw new FileError(file, 'ends within its head', 'Copy the file again.');
  checkSize(file, head.getUint32(16), head.getUint32(20));
  const depth = head.getUint8(24);
  if (depth === 16)
    throw new FileError(file, 'is a PNG of 16 bits a channel', 'Write it again with 8 bits a channel.');
  const colourType = head.getUint8(25);
  if (colourType === 0 || colourType === 4) throw grey(file);
  let png: ReturnType<typeof decode>;
  try {
    png = decode(bytes, { checkCrc: true });
  } catch (error) {
    throw new FileError(file, `is no PNG that can be read: ${messageOf(error)}`, 'Copy or write it again.');
  }
  const { width: columns, height: rows, channels, palette, transparency } = png;
  const data = palette ? convertIndexedToRgb(png) : (png.data as Uint8Array);
  const colours = palette ? (palette[0]?.length ?? 3) : channels;
  if (transparency && !palette)
    throw new FileError(file, 'has a colour that is transparent', 'Write it again without one.');
  return {
    rows,
    columns,
    rgb: colours === 4 ? withoutAlpha(data as Uint8Array, file) : (data as Uint8Array),
  };
}

async function readJpeg(bytes: Uint8Array, file: string): Promise<Frame> {
  try {
    const { rows, columns, rgb } = await decodeColourJpeg(bytes, (width, height) =>
      checkSize(file, width, height),
    );
    return { rows, columns, rgb };
  } catch (error) {
    if (error instanceof FileError) throw error;
    throw new FileError(
      file,
      `is no JPEG frame that can be read: ${messageOf(error)}`,
      'Write it again as JPEG in colour, 8 bits a channel, or as PNG.',
    );
  }
}

/**
 * A frame's pixels.
 * @throws FileError for what is neither PNG nor JPEG, damaged, grey, transparent or of more than 8 bits a channel
 */
export async function readFrame(bytes: Uint8Array, file: string): Promise<Frame> {
  const frame = SIGNATURE.every((byte, i) => bytes[i] === byte)
    ? await readPng(bytes, file)
    : bytes[0] === 0xff && bytes[1] === 0xd8
      ? await readJpeg(bytes, file)
      : null;
  if (!frame) throw new FileError(file, 'is neither PNG nor JPEG by its content', 'Write it again as one.');
  const { rgb } = frame;
  for (let i = 0; i < rgb.length; i += 3) if (rgb[i] !== rgb[i + 1] || rgb[i] !== rgb[i + 2]) return frame;
  throw grey(file);
}
