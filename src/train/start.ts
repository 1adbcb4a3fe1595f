/** @file Where a run starts: at its last checkpoint, at weights of a file, or as its network was drawn. */
import { ConfigError } from '../base/errors.ts';
import { plural } from '../base/words.ts';
import type { Choices } from '../kernels/launch/variant.ts';
import { type CheckpointState, loadCheckpoint, restoreCheckpoint } from './checkpoint.ts';
import { alone } from './comm.ts';
import type { TrainEvent, TrainOptions } from './events.ts';
import { initFile, initRecord, startFrom, weightsChecksum } from './init.ts';
import { writeText } from './runfiles.ts';
import type { Trainer } from './trainer.ts';

/** What a run knows where it starts. */
export interface Start extends Pick<CheckpointState, 'step' | 'validated' | 'best'> {
  /** Identifies the weights that the run began with, null where they were drawn. */
  readonly init: string | null;
  /** Kernel variants of the run so far; undefined where it begins. */
  readonly variants: Choices | undefined;
}

const drawn: Start = { step: 0, validated: 0, best: null, init: null, variants: undefined };

type Tell = (event: TrainEvent) => void;

const otherRanks = (before: number, now: number): string =>
  `${plural(before, 'rank')} trained the run so far, and now ${now}: batch norm takes mean and variance of another number of images from here on. With syncBatchNorm from the first step, it would not matter.`;

/** Null where the run has no checkpoint. @param data identifies the data */
async function resumed(
  { config, files, upgrade, init = null, data: images, comm = alone }: TrainOptions,
  trainer: Trainer,
  data: string,
  tell: Tell,
): Promise<Start | null> {
  const found = await loadCheckpoint(
    files,
    upgrade,
    (message) => tell({ kind: 'warning', message }),
    (message) => tell({ kind: 'notice', message }),
  );
  if (!found) return null;
  const expected = init === 'gone' ? undefined : init && weightsChecksum(init.state);
  restoreCheckpoint(found, { config, data, images, init: expected }, trainer.state());
  const { step, validated, best, init: began = null, variants = {}, ranks = 1, config: before } = found.state;
  if (before.steps !== config.steps) {
    const message = `The run ends at step ${config.steps} now instead of ${before.steps}; its schedule is constant, so the learning rate stays ${config.learningRate}.`;
    tell({ kind: 'notice', message });
  }
  if (ranks !== comm.size && !config.syncBatchNorm && trainer.network.statistics.size > 0)
    tell({ kind: 'notice', message: otherRanks(ranks, comm.size) });
  return { step, validated, best, init: began, variants };
}

async function begun(
  { config, files, plan, init = null }: TrainOptions,
  trainer: Trainer,
  tell: Tell,
): Promise<Start> {
  if (init === 'gone')
    throw new ConfigError(
      `${files.describe('')} has no checkpoint, and the weights it starts from are gone. Give them again.`,
    );
  if (!init && config.freeze !== 'none')
    throw new ConfigError(
      `freeze is ${config.freeze}, but there are no weights to start from. Give init, or freeze nothing.`,
    );
  if (!init) return drawn;
  const report = startFrom(init, trainer.network, plan, config);
  await writeText(files, initFile, `${JSON.stringify(initRecord(report), null, 2)}\n`);
  tell({ kind: 'init', report });
  return { ...drawn, init: report.checksum };
}

/**
 * Gives the trainer the state that a run goes on or begins with.
 * @param data identifies the data
 * @throws ConfigError where checkpoint, configuration, data and initial weights do not fit together
 * @throws FileError where a checkpoint is damaged
 */
export async function startRun(
  options: TrainOptions,
  trainer: Trainer,
  data: string,
  tell: Tell,
): Promise<Start> {
  const before = options.resume ? await resumed(options, trainer, data, tell) : null;
  return before ?? begun(options, trainer, tell);
}
