/** @file Whether a progressive JPEG stream (ITU-T T.81 annex G) has all its scans: of some alone decoders make an image too. */
import { markers } from './markers.ts';

/** Coefficients of a block. */
const COEFFICIENTS = 64;

/** Where each scan's header begins: behind its marker. */
function* scansOf(stream: Uint8Array): Generator<number> {
  for (let at = stream.indexOf(0xff, 2); at >= 0 && at + 1 < stream.length; at = stream.indexOf(0xff, at)) {
    const marker = stream[++at]!;
    if (marker === markers.end) return;
    // what is stuffed, fill bytes, and restarts have no length
    if (marker === 0 || marker === 0xff || (marker >= markers.restart && marker <= markers.image)) continue;
    if (marker === markers.scan) yield at + 1;
    at += 1 + ((stream[at + 1]! << 8) | stream[at + 2]!);
  }
}

/** Throws Error unless the scans of each component code every coefficient to its last bit (G.1.1.1). */
export function checkScans(stream: Uint8Array, components: number): void {
  const coded = new Map<number, Uint8Array>();
  for (const at of scansOf(stream)) {
    // length, number of components, two bytes of each, then the first and last coefficient and their bits
    const count = stream[at + 2] ?? 0;
    const [first, last, bits] = stream.subarray(at + 3 + 2 * count);
    if (first === undefined || last === undefined || bits === undefined) break;
    for (let i = 0; i < count; i++) {
      const selector = stream[at + 3 + 2 * i]!;
      if (!coded.has(selector)) coded.set(selector, new Uint8Array(COEFFICIENTS));
      if ((bits & 15) === 0) coded.get(selector)!.fill(1, first, last + 1);
    }
  }
  const whole = [...coded.values()].filter((own) => !own.includes(0));
  if (whole.length < components) throw new Error('the stream is cut short: it lacks scans of its image');
}
