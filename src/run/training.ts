/** @file Training as a configuration says: its tasks and network set up for the data. */
import type { TrainOptions, TrainResult } from '../train/events.ts';
import { train as trainPlan } from '../train/loop.ts';
import { type RestartOptions, trainWithRestarts as restartPlan } from '../train/restart.ts';
import { upgradeTrained } from './config.ts';
import { planRun } from './plan.ts';
import { describeWeights } from './trained.ts';

/** What the configuration and the data decide. */
function planned({ config, data: { manifest } }: Pick<TrainOptions, 'config' | 'data'>) {
  return {
    plan: planRun(config, manifest),
    describe: (step: number) => describeWeights(config, manifest, step),
    upgrade: upgradeTrained,
  };
}

/**
 * Trains a network on prepared data, as `config` says. Writes split.json, metrics.jsonl, validation.jsonl, checkpoint.safetensors
 * and weights.safetensors (the best weights by the validation's loss or figure, or the last ones without validation subjects).
 * The same data, configuration and adapter give the same bytes, stopped and resumed or not (but for
 * `imagesPerSecond`, `communicationMs` and `communicationWaitMs`).
 * @throws ConfigError when configuration, data and checkpoint do not fit together
 * @throws FileError when a file cannot be read or written; what was written before is intact
 * @throws TrainingError at the first step whose loss, gradients, parameters, statistics or optimiser state are not
 * finite, or in mixed precision where nothing but overflows comes; nothing of that step is saved
 * @throws RankError naming the rank that does not come, where several train together
 * @throws DeviceLostError when the device is gone; `trainWithRestarts` goes on from the checkpoint
 * @example
 * const facts = { size: 16, spacingMm: 2, targetView: 'short-axis', referenceViews: [] };
 * const config = resolveConfig({ tasks: ['rotation'], model: { width: 1, depth: 2 }, steps: 2, batch: 2 });
 * const image = (subject) => ({ subject, file: `${subject}.dcm`, view: 'short-axis', frame: 0, slice: 0, lines: [] });
 * const images = { manifest: { ...facts, images: ['A', 'B'].map(image) }, pixels: new Float32Array(512) };
 * const files = new MemoryFiles();
 * const { step, stopped } = await train({ device, data: images, config, files });
 * [step, stopped, files.files.has('weights.safetensors')]; // [2,false,true]
 */
export async function train(
  options: Omit<TrainOptions, 'plan' | 'describe' | 'upgrade'>,
): Promise<TrainResult> {
  return trainPlan({ ...options, ...planned(options) });
}

/** As `train`; when the device is lost, another is opened and the run resumes from its last checkpoint. */
export async function trainWithRestarts(
  options: Omit<RestartOptions, 'plan' | 'describe' | 'upgrade'>,
): Promise<TrainResult> {
  return restartPlan({ ...options, ...planned(options) });
}
