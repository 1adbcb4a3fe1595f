/** @file Which kernel variants a run computes with: those its checkpoint names, newly tuned ones, or the order of preference. */
import { choicesBy, type TuneOptions, type Winner } from '../autograd/tune.ts';
import { type Choices, setChoices } from '../kernels/launch/variant.ts';
import type { Device } from '../tensor/device.ts';
import type { RunFiles } from './runfiles.ts';
import type { TrainConfig } from './settings.ts';
import { loadWinners, saveWinners } from './winners.ts';

export interface VariantOptions {
  readonly device: Device;
  readonly config: Pick<TrainConfig, 'tune'>;
  /** Of the checkpoint that the run goes on from: the same bits need the same variants. */
  readonly recorded?: Choices | undefined;
  /** Where winners are kept between runs, if anywhere. */
  readonly cache?: RunFiles | undefined;
  readonly onWarning: (message: string) => void;
  readonly onProgress?: TuneOptions['onProgress'];
}

/** Sets the device's choices, and returns what tuning found where there was any. */
export async function chooseVariants(
  { device, config, recorded, cache, onWarning, onProgress }: VariantOptions,
  tune: (options: TuneOptions) => Promise<Winner[]>,
): Promise<readonly Winner[] | null> {
  setChoices(device, recorded ?? {});
  if (recorded || config.tune === null) return null;
  const known = cache ? await loadWinners(cache, device, onWarning) : {};
  const winners = await tune({ limitMs: 1000 * config.tune, known, ...(onProgress && { onProgress }) });
  if (cache) await saveWinners(cache, device, winners, onWarning);
  setChoices(device, choicesBy(winners));
  return winners;
}
