/** @file All that weights say of all studies, in one archive: JSON, CSV, pictures and class maps. */
import { zipSync } from 'fflate';
import { ConfigError, PlanewiseError } from '../../src/base/errors.ts';
import { invertAffine, transformLine } from '../../src/data/affine.ts';
import { plainReason } from '../../src/data/identifiers/reasons.ts';
import { writeNifti } from '../../src/data/nifti/write.ts';
import { classesOnImage } from '../../src/data/segmentation/index.ts';
import { numbersOf } from '../../src/data/sources/acdc/masks.ts';
import { gridOfSlices } from '../../src/data/study/slices.ts';
import { encodePicture, overlayGrid } from '../../src/report/pictures.ts';
import { csvLines } from '../../src/results/csv.ts';
import { type Finding, type Mark, marksOf, only } from '../../src/results/mark.ts';
import type { Busy, StudyPrediction } from '../protocol.ts';
import { pseudonymousSubjects } from './identifiers.ts';
import { type Library, type LoadedStack, stacksOf } from './library.ts';
import { judgeStudy, type StudyVerdict } from './predict.ts';
import type { LoadedWeights } from './weights.ts';

interface ExportInput {
  readonly library: Library;
  readonly weights: LoadedWeights;
  /** Whether subjects are people, who go by pseudonyms. */
  readonly people: boolean;
  /** Throws where it was cancelled. */
  readonly busy: (busy: Busy) => void;
}

/** One stack in one phase. */
interface Job {
  readonly subject: string;
  readonly stack: number;
  readonly loaded: LoadedStack;
  readonly frame: number;
}

function jobsOf(library: Library, view: string): Job[] {
  return library.subjects.flatMap((subject) =>
    stacksOf(library, subject).stacks.flatMap((loaded, stack) => {
      if (loaded.view !== view) return [];
      const frames = Math.max(...loaded.stack.locations.map(({ length }) => length));
      return Array.from({ length: frames }, (_, frame) => ({ subject, stack, loaded, frame }));
    }),
  );
}

type Slice = StudyPrediction['slices'][number];

/** A mark without pixels, its lines in the original image's pixels. */
function plainMark(mark: Mark, { toGrid }: Slice): object | null {
  if (mark.kind === 'line') return { ...mark, line: transformLine(mark.line, invertAffine(toGrid)) };
  return mark.kind === 'scale' || mark.kind === 'words' ? mark : null;
}

const plainFinding = (slice: Slice, { marks, ...finding }: Finding): object => ({
  ...finding,
  marks: marks.map((mark) => plainMark(mark, slice)).filter((mark) => mark !== null),
});

const columns = ['subject', 'view', 'stack', 'phase', 'slice', 'task', 'what', 'of', 'value', 'a', 'b', 'd'];

/** A row for each number: a place on a scale, or the line a·x + b·y + d = 0 in the original image's pixels. */
function rowsOf(slice: Slice, start: readonly (string | number)[]): (string | number | null)[][] {
  return slice.findings.flatMap(({ task, series, marks }) =>
    marks.flatMap((mark): (string | number | null)[][] => {
      const head = [...start, slice.slice + 1, task];
      if (mark.kind === 'line') {
        const line = transformLine(mark.line, invertAffine(slice.toGrid));
        return [[...head, series[mark.series] ?? '', mark.of, null, ...line]];
      }
      if (mark.kind !== 'scale') return [];
      const row = (of: string, value: number): (string | number | null)[] => [
        ...head,
        mark.title,
        of,
        value,
        ...[null, null, null],
      ];
      return [row('predicted', mark.predicted), ...(mark.truth === null ? [] : [row('truth', mark.truth)])];
    }),
  );
}

/** Slices of a stack side by side, two screen pixels a pixel of the network's images where these are small. */
function pictureOf({ prediction, data }: StudyVerdict): Uint8Array {
  const { size, slices } = prediction;
  const images = slices.map(({ findings }, i) => ({
    size,
    pixels: data.pixels.subarray(i * size * size, (i + 1) * size * size),
    marks: marksOf(findings),
  }));
  return encodePicture(overlayGrid(images, Math.min(4, images.length), Math.max(1, Math.round(192 / size))));
}

/** What a slice's classes are, as planewise predict has them; null where the weights tell none. */
const classMapOf = ({ findings }: Slice, classes: readonly string[]): Uint8Array | null => {
  const own = findings.find(({ series }) => series.join() === classes.slice(1).join());
  return only(own?.marks ?? [], 'region').find(({ of }) => of === 'predicted')?.classes ?? null;
};

/**
 * Class maps on the images' own grid as NIfTI, in the numbers that files have; null where the weights tell no classes.
 * Throws FileError for slices that are not alike.
 */
function mapsOf(
  { prediction: { size, slices } }: StudyVerdict,
  { loaded, frame }: Job,
  named: readonly string[] = [],
): Uint8Array | null {
  const maps = slices.map((slice) => classMapOf(slice, named));
  if (maps.includes(null)) return null;
  const numbers = numbersOf(named);
  const images = slices.map(({ slice }) => {
    const phases = loaded.stack.locations[slice]!;
    return phases[Math.min(frame, phases.length - 1)]!;
  });
  const grid = gridOfSlices(images);
  const [columns, rows] = grid.dims as [number, number];
  const classes = named.length;
  const data = new Float32Array(rows * columns * slices.length);
  for (const [k, { toGrid }] of slices.entries()) {
    const values = new Float32Array(size * size * classes);
    for (const [i, own] of maps[k]!.entries()) values[i * classes + own] = 1;
    const onImage = classesOnImage({ values, size, classes }, toGrid, { rows, columns });
    data.set(
      onImage.map((own) => numbers[own]!),
      k * rows * columns,
    );
  }
  return writeNifti({ ...grid, data }, { type: 'u8', gzip: true });
}

/** Where a stack's slices are no volume, the archive says why in place of its class maps. */
function mapsOrReason(
  verdict: StudyVerdict,
  job: Job,
  classes: readonly string[] | undefined,
): { maps: Uint8Array | null; refused: string | null } {
  try {
    return { maps: mapsOf(verdict, job, classes), refused: null };
  } catch (error) {
    if (error instanceof PlanewiseError)
      return { maps: null, refused: plainReason({ code: error.code, message: error.message }).message };
    throw error;
  }
}

const plainName = (text: string): string => text.replaceAll(/[^\w.-]+/g, '-');

/** @throws ConfigError where no study has a stack of the view that the weights are for */
export async function exportPredictions(input: ExportInput): Promise<Uint8Array<ArrayBuffer>> {
  const { library, weights, people, busy } = input;
  const { targetView, size, spacingMm } = weights.info;
  const jobs = jobsOf(library, targetView);
  if (jobs.length === 0)
    throw new ConfigError(
      `No study holds ${targetView} images, which the weights are for. Load other weights.`,
    );
  const nameOf = people ? await pseudonymousSubjects(library.subjects) : (subject: string) => subject;
  const files: Record<string, Uint8Array> = {};
  const stacks: object[] = [];
  const rows: (string | number | null)[][] = [columns];
  for (const [done, job] of jobs.entries()) {
    const { subject, stack, loaded, frame } = job;
    busy({ what: 'Predicting', done, total: jobs.length, detail: `${subject}, phase ${frame + 1}` });
    const name = nameOf(subject);
    const verdict = await judgeStudy(library, weights, { subject, stack, slice: null, frame });
    const { slices, results } = verdict.prediction;
    const start = [name, targetView, stack + 1, frame + 1];
    const file = `${plainName(name)}-${plainName(targetView)}-${stack + 1}-phase-${frame + 1}`;
    const { maps, refused } = mapsOrReason(verdict, job, weights.info.classes);
    if (maps) files[`masks/${file}.nii.gz`] = maps;
    rows.push(...slices.flatMap((slice) => rowsOf(slice, start)));
    stacks.push({
      ...{ subject: name, view: targetView, stack: stack + 1, phase: frame + 1 },
      ...(refused !== null && { noMasks: refused }),
      slices: slices.map((slice) => ({
        slice: slice.slice + 1,
        plane: loaded.stack.locations[slice.slice]![0]!.header.plane,
        findings: slice.findings.map((finding) => plainFinding(slice, finding)),
      })),
      results: results.map(({ key, title, unit, value, about, count }) => ({
        key,
        title,
        unit,
        value,
        about,
        count,
      })),
    });
    files[`pictures/${file}.png`] = pictureOf(verdict);
  }
  // what weights are called may name a folder of people
  const json = { ...(!people && { weights: weights.name }), grid: { size, spacingMm }, stacks };
  const text = (content: string): Uint8Array => new TextEncoder().encode(content);
  files['predictions.json'] = text(`${JSON.stringify(json, null, 1)}\n`);
  files['predictions.csv'] = text(csvLines(rows));
  // pictures are compressed already; a fixed date gives the same bytes every time
  return zipSync(files, { level: 1, mtime: new Date(1980, 0, 1) }) as Uint8Array<ArrayBuffer>;
}
