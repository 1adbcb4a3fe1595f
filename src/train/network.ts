/** @file The network that a configuration and a data set ask for. */
import type { PreparedManifest } from '../data/types.ts';
import type { UNetOptions } from '../models/unet.ts';
import type { TrainConfig } from './config.ts';

/** One heatmap per reference view and the location head, each where a task has it; in whichever precision. */
export function networkOptions(
  config: TrainConfig,
  { referenceViews }: Pick<PreparedManifest, 'referenceViews'>,
): Required<Omit<UNetOptions, 'precision'>> {
  const { width, depth, hidden, dropout, headGain, unusedLayers, seed } = config;
  return {
    channelsIn: 1,
    width,
    depth,
    heatmaps: config.tasks.includes('orientation') ? referenceViews.length : 0,
    locationHead: config.tasks.includes('location'),
    hidden,
    dropout,
    headGain,
    unusedLayers,
    seed,
  };
}
