/** @file Names of the transfer syntaxes (PS3.6 table A-1). */

const root = '1.2.840.10008.1.2';

/** Native pixel data, by what follows the root. */
const native: Record<string, string> = {
  '': 'Implicit VR Little Endian',
  '.1': 'Explicit VR Little Endian',
  '.1.99': 'Deflated Explicit VR Little Endian',
  '.2': 'Explicit VR Big Endian',
};

/** Pixel data in fragments, by what follows the root. */
const encapsulated: Record<string, string> = {
  '.1.98': 'Encapsulated Uncompressed Explicit VR Little Endian',
  '.4.50': 'JPEG Baseline',
  '.4.51': 'JPEG Extended',
  '.4.52': 'JPEG Extended, Arithmetic',
  '.4.53': 'JPEG Spectral Selection',
  '.4.54': 'JPEG Spectral Selection, Arithmetic',
  '.4.55': 'JPEG Full Progression',
  '.4.56': 'JPEG Full Progression, Arithmetic',
  '.4.57': 'JPEG Lossless',
  '.4.58': 'JPEG Lossless, Arithmetic',
  '.4.70': 'JPEG Lossless, First-Order Prediction',
  '.4.80': 'JPEG-LS Lossless',
  '.4.81': 'JPEG-LS Near-lossless',
  '.4.90': 'JPEG 2000 Lossless',
  '.4.91': 'JPEG 2000',
  '.4.92': 'JPEG 2000 Part 2 Multi-component Lossless',
  '.4.93': 'JPEG 2000 Part 2 Multi-component',
  '.4.94': 'JPIP Referenced',
  '.4.95': 'JPIP Referenced Deflate',
  '.4.100': 'MPEG2 Main Profile / Main Level',
  '.4.101': 'MPEG2 Main Profile / High Level',
  '.4.102': 'MPEG-4 AVC/H.264',
  '.4.103': 'MPEG-4 AVC/H.264 BD-compatible',
  '.4.104': 'MPEG-4 AVC/H.264 For 2D Video',
  '.4.105': 'MPEG-4 AVC/H.264 For 3D Video',
  '.4.106': 'MPEG-4 AVC/H.264 Stereo',
  '.4.107': 'HEVC/H.265 Main Profile',
  '.4.108': 'HEVC/H.265 Main 10 Profile',
  '.4.110': 'JPEG XL Lossless',
  '.4.111': 'JPEG XL JPEG Recompression',
  '.4.112': 'JPEG XL',
  '.4.201': 'High-Throughput JPEG 2000 Lossless',
  '.4.202': 'High-Throughput JPEG 2000 RPCL Lossless',
  '.4.203': 'High-Throughput JPEG 2000',
  '.4.204': 'JPIP HTJ2K Referenced',
  '.4.205': 'JPIP HTJ2K Referenced Deflate',
  '.5': 'RLE Lossless',
  '.7.1': 'SMPTE ST 2110-20 Uncompressed Progressive Active Video',
  '.7.2': 'SMPTE ST 2110-20 Uncompressed Interlaced Active Video',
  '.7.3': 'SMPTE ST 2110-30 PCM Digital Audio',
  '.8.1': 'Deflated Image Frame Compression',
};

export const syntaxes = {
  rle: `${root}.5`,
  uncompressed: `${root}.1.98`,
  deflatedFrames: `${root}.8.1`,
} as const;

function lookUp(names: Record<string, string>, uid: string): string | undefined {
  const tail = uid.slice(root.length);
  return uid.startsWith(root) && Object.hasOwn(names, tail) ? names[tail] : undefined;
}

/** Hierarchical JPEG, all retired, has eight; videos have a second UID each for the form in several fragments. */
function encapsulatedName(uid: string): string | undefined {
  if (/^1\.2\.840\.10008\.1\.2\.4\.(59|6[0-6])$/.test(uid)) return 'JPEG Hierarchical';
  return lookUp(encapsulated, /\.4\.10\d\.1$/.test(uid) ? uid.slice(0, -2) : uid);
}

/** "JPEG-LS Lossless (1.2.840.10008.1.2.4.80)"; the UID alone where it is not a known one. */
export function transferSyntaxName(uid: string): string {
  const name = lookUp(native, uid) ?? encapsulatedName(uid);
  return name === undefined ? uid || 'an unnamed transfer syntax' : `${name} (${uid})`;
}

/** Whether a transfer syntax keeps pixel data uncompressed in one piece. */
export const isNative = (uid: string): boolean => lookUp(native, uid) !== undefined;

/** Whether a transfer syntax is a known one that keeps pixel data in fragments. */
export const isCompressed = (uid: string): boolean => encapsulatedName(uid) !== undefined;

/** Whether it is a video, is elsewhere or of a kind that no decoder is at hand for, whatever its stream holds. */
export const lacksDecoder = (uid: string): boolean =>
  /MPEG|HEVC|SMPTE|JPIP|JPEG XL/.test(encapsulatedName(uid) ?? '');
