/** @file What prepared stores say of their images goes into an experiment that reads them, as into a single run. */
import { presetOf } from '../config.ts';
import { adoptData, dataFacts } from '../dataset.node.ts';
import { fineTuning, type JobKind, pretraining } from '../job.ts';
import type { GivenConfig } from '../settings.ts';
import { inside } from './check.ts';
import type { Experiment } from './settings.ts';

/** A configuration with size and spacing of its store; as it is where its data are none. */
async function onItsGrid(given: GivenConfig, kind: JobKind, where: string): Promise<GivenConfig> {
  if (!given.data) return given;
  const facts = await dataFacts(given.data);
  if (!facts.store) return given;
  const { size, spacingMm } = inside(where, () =>
    adoptData({ ...given, preset: presetOf(kind, given) }, facts),
  );
  return { ...given, size: size!, spacingMm: spacingMm! };
}

/**
 * An experiment in which data that are prepared stores are taken at their size and spacing.
 * @throws ConfigError naming the section that asks for another size, spacing, view, mapping or masks than its store's
 * @throws FileError for a damaged store
 */
export async function onStoreGrids(experiment: Experiment): Promise<Experiment> {
  const base = await onItsGrid(experiment.base, fineTuning, 'base');
  const initialisations: Record<string, Experiment['initialisations'][string]> = {};
  for (const [key, one] of Object.entries(experiment.initialisations)) {
    const where = `initialisations.${key}.pretraining`;
    const own = one?.pretraining && { pretraining: await onItsGrid(one.pretraining, pretraining, where) };
    initialisations[key] = one && { ...one, ...own };
  }
  return { ...experiment, base, initialisations };
}
