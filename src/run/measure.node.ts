/** @file Measures class maps of a folder, or of trained weights, by the true masks of another. */
import { listFiles } from '../data/files/files.node.ts';
import { reasonOf } from '../data/scan.ts';
import { namedBytes, readMaskVolume } from '../data/segmentation/index.ts';
import { type FoundVolume, stemOf } from '../data/sources/acdc/find.ts';
import { wholeNumbers } from '../data/sources/acdc/labels.ts';
import type { TrueVolume } from '../data/sources/acdc/truth.ts';
import type { Told } from '../data/sources/acdc/volume.ts';
import { type FileSource, UNKNOWN } from '../data/types.ts';
import { type ClassRow, measureVolume, type VolumePair } from '../results/volumes.ts';
import type { Segmenter } from './segmenter.ts';

/** Classes whose ejection fraction is measured. */
export const chambers = ['left ventricle', 'right ventricle'] as const;

/** Class numbers of a volume as files have them, i fastest. */
export interface Prediction {
  readonly of: TrueVolume;
  readonly labels: Uint8Array;
}

/** Names under which a class map may be found: ACDC's for submissions, and the frame's own. */
const namesOf = ({ name, formerName = name, image }: FoundVolume): string[] => {
  const stem = stemOf(image.path);
  return [name, formerName, stem, stem.slice(stem.lastIndexOf('/') + 1)].map((one) => one.toLowerCase());
};

/** Values that are no number of a class (UNKNOWN, say) are background. */
const classNumber = (value: number): number => (value > 0 && value < UNKNOWN ? value : 0);

/** Class maps of a folder, by the volumes that they are of. Those that have none are told to `skip`. */
export async function* filedPredictions(
  folder: string,
  volumes: readonly TrueVolume[],
  { skip, warn }: Told,
): AsyncGenerator<Prediction> {
  const files = (await listFiles(folder)).filter(({ path }) => /\.nii(\.gz)?$/i.test(path));
  const byName = new Map<string, FileSource>(files.map((file) => [stemOf(file.path).toLowerCase(), file]));
  for (const volume of volumes) {
    const { found, grid } = volume;
    const file = namesOf(found).flatMap((name) => byName.get(name) ?? [])[0];
    if (!file) {
      const message = `${folder} has no class map of it (${found.name}.nii.gz).`;
      skip({ file: found.image.path, reason: { code: 'NO_PREDICTION', message } });
      continue;
    }
    try {
      const map = readMaskVolume(await namedBytes(file), grid);
      for (const message of map.notices) warn(file.path, { code: 'NIFTI', message });
      yield { of: volume, labels: Uint8Array.from(wholeNumbers(map.data), classNumber) };
    } catch (error) {
      skip({ file: file.path, reason: reasonOf(error) });
    }
  }
}

/** What trained weights say of the volumes. */
export async function* madePredictions(
  segmenter: Segmenter,
  volumes: readonly TrueVolume[],
  { skip }: Told,
): AsyncGenerator<Prediction> {
  const byFound = new Map(volumes.map((volume) => [volume.found, volume]));
  const onError = ({ image }: FoundVolume, error: unknown): void =>
    skip({ file: image.path, reason: reasonOf(error) });
  for await (const { found, labels } of segmenter.segment([...byFound.keys()], onError))
    yield { of: byFound.get(found)!, labels };
}

/** Measures predictions as they come. @param onVolume told of each */
export async function measure(
  predictions: AsyncIterable<Prediction>,
  onVolume: (name: string) => void,
): Promise<ClassRow[]> {
  const rows: ClassRow[] = [];
  for await (const prediction of predictions) {
    rows.push(...measureVolume(pairOf(prediction), prediction.of.classes));
    onVolume(prediction.of.grid.file);
  }
  return rows;
}

function pairOf({ of: { found, grid, truth }, labels }: Prediction): VolumePair {
  const [columns, rows, slices] = grid.dims as [number, number, number];
  const [alongI, alongJ, alongK] = grid.spacing as [number, number, number];
  return {
    ...{ subject: found.subject, phase: found.phase, volume: found.name, truth },
    predicted: labels,
    grid: { shape: [slices, rows, columns], spacingMm: [alongK, alongJ, alongI] },
  };
}
