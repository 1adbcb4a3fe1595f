/** @file All that weights say of all studies, in one archive: JSON, CSV, pictures, and class maps as NIfTI and DICOM SEG. */
import { zipSync } from 'fflate';
import { ConfigError } from '../../src/base/errors.ts';
import { invertAffine, transformLine } from '../../src/data/affine.ts';
import type { ScannedImage } from '../../src/data/scan.ts';
import { commonFrame } from '../../src/data/study/frames.ts';
import { encodePicture, overlayGrid } from '../../src/report/pictures.ts';
import { csvLines } from '../../src/results/csv.ts';
import { type Finding, type Mark, marksOf } from '../../src/results/mark.ts';
import type { Busy } from '../protocol.ts';
import { classMapsOf } from './classmaps.ts';
import { pseudonymousSubjects } from './identifiers.ts';
import { type Library, type LoadedStack, stacksOf } from './library.ts';
import { judgeStudy, type PredictedSlice, type StudyVerdict } from './predict.ts';
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

/** A mark without pixels, its lines in the original image's pixels. */
function plainMark(mark: Mark, { toGrid }: PredictedSlice): object | null {
  if (mark.kind === 'line') return { ...mark, line: transformLine(mark.line, invertAffine(toGrid)) };
  return mark.kind === 'scale' || mark.kind === 'words' ? mark : null;
}

const plainFinding = (slice: PredictedSlice, { marks, ...finding }: Finding): object => ({
  ...finding,
  marks: marks.map((mark) => plainMark(mark, slice)).filter((mark) => mark !== null),
});

const columns = ['subject', 'view', 'stack', 'phase', 'slice', 'task', 'what', 'of', 'value', 'a', 'b', 'd'];

/** A row for each number: a place on a scale, or the line a·x + b·y + d = 0 in the original image's pixels. */
function rowsOf(slice: PredictedSlice, start: readonly (string | number)[]): (string | number | null)[][] {
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

/** The images that were predicted. */
const imagesOf = ({ prediction }: StudyVerdict, { loaded, frame }: Job): ScannedImage[] =>
  prediction.slices.map(({ slice }) => {
    const phases = loaded.stack.locations[slice]!;
    return phases[Math.min(frame, phases.length - 1)]!;
  });

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
    const images = imagesOf(verdict, job);
    const frameOfReferenceUid = commonFrame(loaded.stack.locations.flat());
    const phase = { images, subject: name, frame, frameOfReferenceUid, pseudonyms: people };
    const maps = await classMapsOf(slices, phase, library, weights);
    if (maps.nifti) files[`masks/${file}.nii.gz`] = maps.nifti;
    if (maps.dicom) files[`dicom-seg/${file}.dcm`] = maps.dicom;
    rows.push(...slices.flatMap((slice) => rowsOf(slice, start)));
    stacks.push({
      ...{ subject: name, view: targetView, stack: stack + 1, phase: frame + 1 },
      ...maps.missing,
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
