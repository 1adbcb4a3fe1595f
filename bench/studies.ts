/** @file Preparing made-up DICOM studies: one heart's study over and over, each time as another person's. */
import { prepareStore } from '../src/data/comingstore.node.ts';
import { encodeDicom, phantomSubject } from '../src/data/phantom.ts';
import { prepare } from '../src/data/prepare.ts';
import type { FileSource } from '../src/data/types.ts';

const SIZE = 32;
const PHASES = 20;
const DIGITS = 6;

/** Digits in a file that tell one person from another. */
interface Spot {
  readonly at: number;
  readonly length: number;
}

/** The last digits of UIDs, and of PatientID and name. */
function spotsOf(bytes: Uint8Array): Spot[] {
  const text = Buffer.from(bytes).toString('latin1');
  return [...text.matchAll(/2\.25\.\d{30,39}|patient\d{3}/g)].map(({ index, 0: found }) => {
    const length = found.startsWith('patient') ? 3 : DIGITS;
    return { at: index + found.length - length, length };
  });
}

/** A file of one study as another person's. Its bytes are made as they are read, so that as many as there are take no memory. */
class MadeFile implements FileSource {
  readonly path: string;
  readonly #bytes: Uint8Array;
  readonly #spots: readonly Spot[];
  readonly #person: number;

  constructor(path: string, bytes: Uint8Array, spots: readonly Spot[], person: number) {
    this.path = path;
    this.#bytes = bytes;
    this.#spots = spots;
    this.#person = person;
  }

  async read(): Promise<Uint8Array> {
    const bytes = this.#bytes.slice();
    const digits = String(this.#person).padStart(DIGITS, '0');
    for (const { at, length } of this.#spots)
      for (let i = 0; i < length; i++) bytes[at + i] = digits.charCodeAt(DIGITS - length + i);
    return bytes;
  }
}

/** Prepares so many short-axis images, or somewhat more, as `prepare` does. @returns how many */
export async function prepareMadeStudies(folder: string, images: number): Promise<number> {
  const study = encodeDicom(phantomSubject(1, 0, { size: SIZE, phases: PHASES }));
  const spots = study.map(({ bytes }) => spotsOf(bytes));
  const ofPerson = study.filter(({ path }) => path.includes('/sax_')).length;
  const files = Array.from({ length: Math.ceil(images / ofPerson) }, (_, person) =>
    study.map(({ path, bytes }, i) => {
      const name = `patient${String(person).padStart(DIGITS, '0')}`;
      return new MadeFile(path.replace(/^patient\d+/, name), bytes, spots[i]!, person);
    }),
  ).flat();
  const { data } = await prepareStore(
    folder,
    async (into) => ({ data: await prepare(files, { size: SIZE, spacingMm: 8, into }) }),
    async () => {},
  );
  return data.manifest.images.length;
}
