/** @file The weights of a run that is stopped before its first validation: those of its last checkpoint. */
import { openDevice } from '#device';
import { ConfigError } from '../../src/base/errors.ts';
import type { TrainingData } from '../../src/data/types.ts';
import { type TrainConfig, upgradeTrained } from '../../src/run/config.ts';
import { planRun } from '../../src/run/plan.ts';
import { describeWeights } from '../../src/run/trained.ts';
import { loadCheckpoint, restoreCheckpoint } from '../../src/train/checkpoint.ts';
import { fingerprint } from '../../src/train/dataset.ts';
import { buildNetwork } from '../../src/train/network.ts';
import type { RunFiles } from '../../src/train/runfiles.ts';
import { saveWeights, weightsFile } from '../../src/train/weightsfile.ts';

/** Writes them where a run has none. @throws ConfigError where it has no checkpoint of this configuration and data */
export async function keepWeights(files: RunFiles, config: TrainConfig, data: TrainingData): Promise<void> {
  if (await files.read(weightsFile)) return;
  const checkpoint = await loadCheckpoint(files, upgradeTrained);
  if (!checkpoint) throw new ConfigError('The run has no checkpoint yet, so there are no weights to keep.');
  const device = await openDevice();
  try {
    const plan = planRun(config, data.manifest);
    const network = buildNetwork(device, plan);
    const tensors = [...network.stateDict()].map(([name, tensor]) => [`model.${name}`, tensor] as const);
    const own = { config, data: fingerprint(data, plan), images: data };
    restoreCheckpoint(checkpoint, own, new Map(tensors));
    const { step } = checkpoint.state;
    await saveWeights(files, network, describeWeights(config, data.manifest, step));
  } finally {
    device.dispose();
  }
}
