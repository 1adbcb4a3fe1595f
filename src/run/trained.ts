/** @file Trained weights with what they say about themselves: written beside a run, and made a network again. */

import { FileError } from '../base/errors.ts';
import { parseJson } from '../base/json.ts';
import { isGrid } from '../data/resample.ts';
import type { HeadedNetwork } from '../models/headed.ts';
import { expectFinite } from '../models/state.ts';
import { decodeWeights, encodeWeights, type WeightsMetadata } from '../models/weights.ts';
import type { PlannedErrors } from '../results/planes.ts';
import type { Device } from '../tensor/device.ts';
import { loadNetwork } from '../train/network.ts';
import type { Plan } from '../train/plan.ts';
import { annotationsOf, checkedPlan } from './config.ts';
import { groupNamesOf, type PlanConfig, type PlanData, planRun } from './plan.ts';
import { upgradeWeights } from './upgrade.ts';

/** How weights were trained: enough to build the network and to prepare images for it. */
export interface WeightsInfo extends PlanConfig, PlanData {
  readonly version: 2;
  readonly steps: number;
  /** Absent until they were evaluated on studies with reference views that they were not trained on. */
  readonly plannedErrors?: PlannedErrors;
}

const KEY = 'planewise';

/**
 * What the weights of a run after `steps` steps say about themselves.
 * @example
 * const facts = { size: 64, spacingMm: 3, targetView: 'short-axis', referenceViews: ['4-chamber'] };
 * JSON.parse(describeWeights(presets.small, facts, 1000).planewise).steps; // 1000
 */
export function describeWeights(config: PlanConfig, data: PlanData, steps: number): WeightsMetadata {
  const { model, tasks: sections } = config;
  const { size, spacingMm, targetView, referenceViews, classes } = data;
  const info: WeightsInfo = {
    ...{ version: 2, model, tasks: sections, size, spacingMm, targetView, referenceViews },
    ...(classes && { classes }),
    ...(annotationsOf(config).includes('groups') && { groupNames: groupNamesOf(data) }),
    steps,
  };
  return { [KEY]: JSON.stringify(info) };
}

/** Weights that say how far the planes of their lines are off. @throws FileError for what is no weights of a run */
export function withPlannedErrors(
  bytes: Uint8Array,
  file: string,
  plannedErrors: PlannedErrors,
): Uint8Array<ArrayBuffer> {
  const { state, metadata } = decodeWeights(bytes, file);
  const info = { ...(parseJson(metadata[KEY] ?? '', file) as WeightsInfo), plannedErrors };
  return encodeWeights(state, { ...metadata, [KEY]: JSON.stringify(info) });
}

/** A network with weights, and the tasks they were trained on. */
export interface Trained {
  readonly network: HeadedNetwork;
  readonly plan: Plan;
  readonly info: WeightsInfo;
}

const isText = (value: unknown): value is string => typeof value === 'string';
const areTexts = (values: unknown): boolean => Array.isArray(values) && values.every(isText);

/** Whether a description says all that predicting needs. */
function isComplete(info: Partial<WeightsInfo> | null): info is WeightsInfo {
  const { model, tasks: sections, size = 0, spacingMm = 0, targetView, referenceViews } = info ?? {};
  return (
    typeof model?.name === 'string' &&
    typeof sections === 'object' &&
    sections !== null &&
    isGrid(size, spacingMm) &&
    typeof targetView === 'string' &&
    areTexts(referenceViews) &&
    areTexts(info?.classes ?? []) &&
    Object.values(info?.groupNames ?? {}).every(areTexts) &&
    Object.values(info?.plannedErrors ?? {}).every(
      (error) => Number.isFinite(error?.angleDeg) && Number.isFinite(error?.distanceMm),
    )
  );
}

/** Of a version that prepared images as they are stored and noted how they lay, where that was not upright. */
function expectUpright(info: WeightsInfo, file: string): void {
  if (!('turned' in info)) return;
  const problem = 'was trained on images that lay turned, as an earlier version prepared them';
  const fix = 'Prepare the images again and train on them: they are turned as radiology shows them now.';
  throw new FileError(file, problem, fix);
}

/** The description in a file. Throws FileError where it is none. */
function parsed(text: string, file: string): { info: WeightsInfo; plan: Plan } {
  const fix = 'Save the weights again with this version, or remove that description.';
  let cause: unknown;
  try {
    const info = upgradeWeights(parseJson(text, file)) as Partial<WeightsInfo> | null;
    if (isComplete(info)) return { info, plan: planRun(checkedPlan(info, file), info) };
  } catch (error) {
    cause = error;
  }
  throw new FileError(file, 'describes its network in a way that makes no sense', fix, { cause });
}

/** What weights say about themselves, null where they say nothing. Throws FileError where that makes no sense, or is outdated. */
export function describedBy(
  metadata: WeightsMetadata,
  file: string,
): { readonly info: WeightsInfo; readonly plan: Plan } | null {
  const text = metadata[KEY];
  if (text === undefined) return null;
  const described = parsed(text, file);
  expectUpright(described.info, file);
  return described;
}

/**
 * Builds the network a weights file of a run describes and loads it.
 * @param file what error messages call the file
 * @throws FileError when the file is damaged or does not describe its network; WeightError, which names the file, where a
 * weight does not fit that or holds no numbers
 * @example
 * const facts = { size: 16, spacingMm: 2, targetView: 'short-axis', referenceViews: [] };
 * const config = resolveConfig({ tasks: ['rotation'], model: { width: 1, depth: 2 } });
 * const { backbone, heads } = planRun(config, facts);
 * const made = new HeadedNetwork(device, (at) => declareHeaded(at, backbone.declare, heads));
 * const bytes = encodeWeights(await readWeights(made), describeWeights(config, facts, 0));
 * const { network, info } = await loadTrained(device, bytes, 'weights.safetensors');
 * for (const one of [made, network]) one.dispose();
 * info.spacingMm; // 2
 */
export async function loadTrained(device: Device, bytes: Uint8Array, file: string): Promise<Trained> {
  const { state, metadata } = decodeWeights(bytes, file);
  expectFinite(state, file);
  const described = describedBy(metadata, file);
  if (!described) {
    const fix = 'Use the weights of a planewise run, or build a UNet and load them with loadStateDict().';
    throw new FileError(file, 'does not say which network it belongs to', fix);
  }
  const { info, plan } = described;
  return { network: loadNetwork(device, plan, state, file), plan, info };
}
