/** @file Event files of a run that stops and goes on: each step of its logs once, whatever was cut off. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { EventFiles, eventFilesIn, eventFilesOf } from '../../src/run/tensorboard.node.ts';
import { DiskFiles } from '../../src/train/runfiles.node.ts';
import { appendRecords, metricsFile, truncateLog, validationFile } from '../../src/train/runlog.ts';
import { useFolder } from '../commands/terminal.ts';
import { eventsIn, shownScalars } from '../exchange/tfevents.ts';

const at = useFolder();

const metricsAt = (step: number, salt = 0) => ({
  ...{ step, loss: 1 / step + salt, orientationLoss: 2 / step + salt, lr: 0.5, imagesPerSecond: 8 + salt },
});
const validationAt = (step: number, salt = 0) => ({ step, loss: 3 / step + salt, figure: 0.5, best: true });

/** A run that logs and records as the trainer does. */
class Logged {
  readonly files: DiskFiles;
  #events: EventFiles | null = null;

  constructor(name: string) {
    this.files = new DiskFiles(at(name));
  }

  /** Goes on behind a step to which the logs are cut back. */
  async begin(step: number, { validated = step, tensorboard = true, resume = true } = {}): Promise<void> {
    await mkdir(this.files.folder, { recursive: true });
    await truncateLog(this.files, metricsFile, step);
    await truncateLog(this.files, validationFile, validated);
    this.#events = await eventFilesOf(this.files, { tensorboard, resume });
    await this.#events?.begin(step);
  }

  async train(first: number, last: number, salt = 0): Promise<void> {
    const records = Array.from({ length: last - first + 1 }, (_, i) => metricsAt(first + i, salt));
    await appendRecords(this.files, metricsFile, records);
    await this.#events?.steps(records);
  }

  async validate(step: number, salt = 0): Promise<void> {
    await appendRecords(this.files, validationFile, [validationAt(step, salt)]);
    await this.#events?.validation(validationAt(step, salt));
  }

  async event(): Promise<Uint8Array[]> {
    const names = await eventFilesIn(this.files.folder);
    return Promise.all(names.map((name) => readFile(this.files.describe(name))));
  }

  /** Expects each step of the logs once in what TensorBoard shows. */
  async expectAsLogged(): Promise<void> {
    const rows = async (name: string): Promise<Record<string, number>[]> =>
      (await readFile(this.files.describe(name), 'utf8'))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
    const column = (all: Record<string, number>[], key: string) =>
      all.map((row) => [row.step, Math.fround(row[key]!)]);
    const [metrics, validation] = [await rows(metricsFile), await rows(validationFile)];
    expect(shownScalars(await this.event())).toEqual({
      'loss/training': column(metrics, 'loss'),
      'orientationLoss/training': column(metrics, 'orientationLoss'),
      learningRate: column(metrics, 'lr'),
      imagesPerSecond: column(metrics, 'imagesPerSecond'),
      'loss/validation': column(validation, 'loss'),
      'figure/validation': column(validation, 'figure'),
    });
  }
}

describe('event files', () => {
  it('have each step once where a run is cut off and goes on', async () => {
    const run = new Logged('cut');
    await run.begin(0, { resume: false });
    await run.train(1, 4);
    await run.validate(4);
    await run.train(5, 7);
    // killed; the checkpoint is of step 4, from before the validation there
    await run.begin(4, { validated: 0 });
    await run.validate(4, 10);
    await run.train(5, 6, 10);
    // twice within a second; --tensorboard is not given again
    await run.begin(6, { validated: 4, tensorboard: false });
    await run.train(7, 9, 20);
    await run.validate(8, 20);
    expect(await eventFilesIn(run.files.folder)).toHaveLength(3);
    await run.expectAsLogged();
  });

  it('say by which rules they are read, and that a run goes on', async () => {
    const [first, second] = (await new Logged('cut').event()).map(eventsIn);
    expect(first!.slice(0, 2)).toMatchObject([
      { version: 'brain.Event:2', starts: false },
      { version: null, starts: true, step: 1 },
    ]);
    expect(second!.slice(0, 3)).toMatchObject([
      { version: 'brain.Event:2' },
      { starts: true, step: 4 },
      { step: 4, scalars: { 'loss/training': 0.25 } },
    ]);
    for (const { wallTime } of first!) expect(Math.abs(wallTime - Date.now() / 1000)).toBeLessThan(60);
  });

  it('begin again with a run that was killed before its first checkpoint', async () => {
    const run = new Logged('early');
    await run.begin(0, { resume: false });
    await run.train(1, 3);
    await run.begin(0);
    await run.train(1, 2, 10);
    await run.validate(2, 10);
    await run.expectAsLogged();
  });

  it('have the steps of before where they are asked for late, and none where nobody asks', async () => {
    const run = new Logged('late');
    await run.begin(0, { tensorboard: false, resume: false });
    await run.train(1, 5);
    await run.validate(5);
    expect(await run.event()).toEqual([]);
    await run.begin(5);
    await run.train(6, 7);
    await run.expectAsLogged();
  });

  it('sort behind those of a clock that ran ahead, and leave other files alone', async () => {
    const run = new Logged('clock');
    await run.begin(0, { resume: false });
    const ahead = `events.out.tfevents.${Math.floor(Date.now() / 1000) + 1000}`;
    await writeFile(run.files.describe(`${ahead}.other`), 'of another program');
    await writeFile(run.files.describe(`${ahead}.planewise`), '');
    await run.begin(0);
    const own = await eventFilesIn(run.files.folder);
    expect(own).toHaveLength(3);
    expect(own.indexOf(`${ahead}.planewise`)).toBe(1);
    expect(await readdir(run.files.folder)).toContain(`${ahead}.other`);
  });

  it('hold pictures', async () => {
    const files = new DiskFiles(at('pictures'));
    await mkdir(files.folder, { recursive: true });
    const events = new EventFiles(files);
    await events.begin(0);
    const png = Uint8Array.from([1, 2, 3]);
    await events.picture(9, 'slices', { width: 5, height: 4, png });
    const [name] = await eventFilesIn(files.folder);
    const found = eventsIn(await readFile(files.describe(name!)));
    expect(found.at(-1)).toMatchObject({ step: 9, pictures: { slices: { width: 5, height: 4 } } });
    expect([...found.at(-1)!.pictures.slices!.png]).toEqual([...png]);
  });
});
