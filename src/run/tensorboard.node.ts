/** @file A run's event files for TensorBoard, in its folder: what its logs hold, and the pictures of its end. */
import { readdir } from 'node:fs/promises';
import { type EventContent, eventRecord, type PngPicture } from '../exchange/tensorboard.ts';
import type { StepMetrics, ValidationMetrics } from '../results/losses.ts';
import type { Recorder } from '../train/events.ts';
import type { DiskFiles } from '../train/runfiles.node.ts';
import { metricsFile, readWhole, validationFile } from '../train/runlog.ts';

/** TensorBoard reads files whose names hold `tfevents`, in the order of their names: of seconds since 1970. */
const filePattern = /^events\.out\.tfevents\.(\d+)\.planewise$/;

/** A later file's name stands behind an earlier one's, whatever the clock says. */
function nextName(before: readonly string[]): string {
  const last = Number(filePattern.exec(before.at(-1) ?? '')?.[1] ?? 0);
  const seconds = Math.max(Math.floor(Date.now() / 1000), last + 1);
  return `events.out.tfevents.${String(seconds).padStart(10, '0')}.planewise`;
}

/** The event files in a run's folder, in order; none where there is no such folder. */
export async function eventFilesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((): string[] => []);
  return names.filter((name) => filePattern.test(name)).sort();
}

type Values = Record<string, number>;

/** Losses by their columns' names; one that is not finite is null in the log. */
const lossValues = (record: StepMetrics | ValidationMetrics, when: string): Values =>
  Object.fromEntries(
    Object.entries(record).flatMap(([key, value]) =>
      key === 'loss' || key.endsWith('Loss')
        ? [[`${key}/${when}`, (value as number | null) ?? Number.NaN] as const]
        : [],
    ),
  );

function stepValues(record: StepMetrics): Values {
  const { lr, imagesPerSecond, lossScale, skippedSteps } = record;
  return {
    ...lossValues(record, 'training'),
    learningRate: lr,
    imagesPerSecond,
    ...(lossScale !== undefined && { lossScale }),
    ...(skippedSteps !== undefined && { skippedSteps }),
  };
}

const validationValues = (record: ValidationMetrics): Values => ({
  ...lossValues(record, 'validation'),
  ...(typeof record.figure === 'number' && { 'figure/validation': record.figure }),
});

/**
 * Event files are only added to. Each time a run begins or goes on there is a new one, whose SessionLog START makes
 * TensorBoard drop what earlier ones hold of its step and later ones (event_accumulator.py, `_Purge`). The step that the
 * run goes on behind is written again, for its validation may be the one that was cut off.
 */
export class EventFiles implements Recorder {
  readonly #files: DiskFiles;
  #name: string | undefined;

  /** `files`: of the run's folder, which it has locked. */
  constructor(files: DiskFiles) {
    this.#files = files;
  }

  /** Without event files of before, the run's logs are written into the first one. */
  async begin(step: number): Promise<void> {
    const before = await eventFilesIn(this.#files.folder);
    const from = before.length > 0 ? step : 1;
    this.#name = nextName(before);
    await this.#files.write(this.#name, this.#event(from, { kind: 'version' }));
    await this.#add([this.#event(from, { kind: 'start' })]);
    const due = (record: { readonly step: number }): boolean => record.step >= from && record.step <= step;
    // that logs are damaged was said when they were cut
    const records = <T>(name: string) => readWhole<T>(this.#files, name, () => {});
    await this.steps((await records<StepMetrics>(metricsFile)).filter(due));
    for (const record of (await records<ValidationMetrics>(validationFile)).filter(due))
      await this.validation(record);
  }

  async steps(records: readonly StepMetrics[]): Promise<void> {
    await this.#add(
      records.map((record) => this.#event(record.step, { kind: 'scalars', values: stepValues(record) })),
    );
  }

  async validation(record: ValidationMetrics): Promise<void> {
    await this.#add([this.#event(record.step, { kind: 'scalars', values: validationValues(record) })]);
  }

  /** A picture of the run at its end. */
  async picture(step: number, tag: string, picture: PngPicture): Promise<void> {
    await this.#add([this.#event(step, { kind: 'picture', tag, picture })]);
    await this.sync();
  }

  async sync(): Promise<void> {
    if (this.#name !== undefined) await this.#files.sync(this.#name);
  }

  #event(step: number, content: EventContent): Uint8Array {
    return eventRecord(step, Date.now() / 1000, content);
  }

  async #add(events: readonly Uint8Array[]): Promise<void> {
    if (events.length > 0 && this.#name !== undefined)
      await this.#files.append(this.#name, Buffer.concat(events));
  }
}

/** Where a run is to have event files, or goes on with some; else null. */
export async function eventFilesOf(
  files: DiskFiles,
  { tensorboard = false, resume }: { readonly tensorboard?: boolean; readonly resume: boolean },
): Promise<EventFiles | null> {
  const goesOn = resume && (await eventFilesIn(files.folder)).length > 0;
  return tensorboard || goesOn ? new EventFiles(files) : null;
}
