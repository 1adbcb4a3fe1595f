/** @file Short trainings of any task, on images that say something to every one, or to few. */
import { uniforms } from '../../src/base/random.ts';
import type { Line, PreparedData, PreparedImage } from '../../src/data/types.ts';
import type { Task } from '../../src/tasks/task.ts';
import type { TrainConfig } from '../../src/train/settings.ts';
import { tinyConfig } from '../train/tiny.ts';

const size = 24;
const spacingMm = 6;

/** How many there are of each, and what is known of them. */
export interface Cohort {
  readonly subjects: number;
  readonly slices: number;
  readonly phases: number;
  /** Whether lines of two reference views, masks of two classes and groups of subjects are there; default: they are. */
  readonly annotated?: boolean;
  /** Whether pixels differ; default: they do. */
  readonly blank?: boolean;
}

/** What every task learns something from: stacks for three slices twice, cycles, masks, groups and lines. */
export const rich: Cohort = { subjects: 4, slices: 7, phases: 3 };

/** Noise with a disc in it, 24 px of 6 mm; two lines that cross in the disc. */
export function cohortOf({
  subjects,
  slices,
  phases,
  annotated = true,
  blank = false,
}: Cohort): PreparedData {
  const count = subjects * slices * phases;
  const area = size * size;
  const pixels = blank ? new Float32Array(count * area) : uniforms(count * area, 7).map((u) => 2 * u - 1);
  const masks = new Uint8Array(count * area);
  const images = Array.from({ length: count }, (_, i): PreparedImage => {
    const [subject, slice, frame] = [
      Math.floor(i / (slices * phases)),
      Math.floor(i / phases) % slices,
      i % phases,
    ];
    const [x, y] = [9 + subject + frame, 14 - slice / 2];
    for (let p = 0; p < area; p++) {
      const inside = ((p % size) - x) ** 2 + (Math.floor(p / size) - y) ** 2 < (6 - frame) ** 2;
      masks[i * area + p] = Number(inside);
      if (inside && !blank) pixels[i * area + p]! += 2;
    }
    const through = [1.3, 0.2].map((angle): Line => {
      const [a, b] = [Math.cos(angle), Math.sin(angle)];
      return [a, b, -a * x - b * y];
    });
    return {
      ...{ subject: `subject${subject}`, file: `${i}`, view: 'short-axis', frame, slice },
      lines: annotated ? through : [],
      location: slices > 1 ? slice / (slices - 1) : null,
      plane: {
        ...{ position: [0, 0, -8 * slice], rowDirection: [1, 0, 0], columnDirection: [0, 1, 0] },
        ...{ spacingMm: [spacingMm, spacingMm], rows: size, columns: size },
      },
    };
  });
  const groups = Object.fromEntries(
    images.map(({ subject }) => [subject, subject.at(-1)! < '2' ? 'a' : 'b']),
  );
  return {
    manifest: {
      ...{ format: 'planewise-prepared', version: annotated ? 2 : 1, size, spacingMm, dtype: 'f32' },
      ...{ targetView: 'short-axis', images, skipped: [] },
      referenceViews: annotated ? ['2-chamber', '4-chamber'] : [],
      ...(annotated && { classes: ['background', 'disc'], groups }),
    },
    pixels,
    ...(annotated && { masks }),
  };
}

/** What makes heads small, in tasks that have such settings. */
const small = { hidden: 4, features: 4, embedding: 4, orders: 16, permutations: 2 };

const settingsOf = ({ defaults }: Task): Record<string, unknown> =>
  Object.fromEntries(Object.entries(small).filter(([key]) => key in (defaults as object)));

/** A small network and small heads, with a checkpoint halfway; all subjects train. */
export const configOf = (tasks: readonly Task[], steps: number): TrainConfig =>
  tinyConfig({
    tasks: tasks.map(({ name }) => name),
    taskSettings: Object.fromEntries(tasks.map((task) => [task.name, settingsOf(task)])),
    ...{ model: { width: 2, depth: 2 }, size, spacingMm, steps, batch: 4 },
    ...{
      validationFraction: 0,
      testFraction: 0,
      validateEvery: steps,
      checkpointEvery: Math.ceil(steps / 2),
    },
  });
