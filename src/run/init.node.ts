/** @file Weights that a run starts from: read from another run's folder or a file, with what they say about themselves. */
import { readBytes } from '../data/files/files.node.ts';
import { decodeState } from '../exchange/statefile.ts';
import { type InitialWeights, taskHeads } from '../train/init.ts';
import type { GivenConfig } from './config.ts';
import { describedBy } from './trained.ts';
import { weightsIn } from './weights.node.ts';

/** Reads weights to start from. @throws FileError for what is no weights file and no folder of a run that has one */
export async function readInit(path: string) {
  const file = weightsIn(path);
  const { state, metadata } = await decodeState(await readBytes(file), file);
  const described = describedBy(metadata, file);
  const heads = described && taskHeads(described.plan);
  const weights: InitialWeights = { file, state, ...(heads && { heads }) };
  return { weights, model: described?.info.model };
}

/** What is given, with the model that the weights say is theirs, where no model is given. */
export function adoptModel(given: GivenConfig, { model }: Awaited<ReturnType<typeof readInit>>): GivenConfig {
  return model && !given.model ? { ...given, model } : given;
}
