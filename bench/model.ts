/** @file What the lab's model says of a step on an adapter, beside what is measured: never a measurement itself. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { PrecisionName } from '../tools/gpulab/precisions.ts';
import type { TargetName } from '../tools/gpulab/targets.ts';
import type { ConfigName } from './network.ts';

/** A step as the newest kept results of the lab have it, in brief. */
interface ModelledStep {
  readonly device: TargetName;
  readonly network: ConfigName;
  readonly precision: PrecisionName;
  readonly batch: number;
  readonly modelMs: number;
  /** By label: `17×, 0.129 ms, chain`. */
  readonly kernels: Readonly<Record<string, string>>;
}

export interface Model {
  /** Where the figures are from: the file, the commit, and the card they are for. */
  readonly source: string;
  readonly steps: readonly ModelledStep[];
}

interface Kept {
  readonly commit: string;
  readonly devices: readonly { readonly device: TargetName; readonly modelledAs: string }[];
  readonly steps: readonly ModelledStep[];
}

/** Cards by the lab's device that is of their architecture. */
const cards: readonly (readonly [TargetName, RegExp])[] = [
  ['hopper', /\bG?H(100|200|800|20)\b/],
  ['ada', /RTX (40\d\d|\d000 Ada)|\bL(4|40S?)\b/i],
  ['rdna3', /RX 7\d\d\d|Radeon Pro W7|navi3|gfx11/i],
  ['m1', /Apple M1/i],
  ['adreno730', /Adreno.* 730/i],
];

const kept = fileURLToPath(new URL('../../bench/results', import.meta.url));

/** What the lab's newest results in a folder say of an adapter's architecture; null where they say nothing. */
export function modelOf(adapter: string, folder = kept): Model | null {
  const device = cards.find(([, pattern]) => pattern.test(adapter))?.[0];
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const newest = names
    .filter((name) => /^gpulab-.*\.json$/.test(name))
    .sort()
    .at(-1);
  if (!device || !newest) return null;
  const { commit, devices, steps } = JSON.parse(readFileSync(`${folder}/${newest}`, 'utf8')) as Kept;
  const card = devices.find((one) => one.device === device)?.modelledAs;
  const source = `${newest}, commit ${commit}, ${card}, with bounds checks`;
  return { source, steps: steps.filter((step) => step.device === device) };
}

/** Modelled milliseconds of a step; null where the model has none of that batch. */
export function modelledMs(
  model: Model | null,
  network: ConfigName,
  precision: PrecisionName,
  batch: number,
): number | null {
  const step = stepOf(model, network, precision);
  return step && step.batch === batch ? step.modelMs : null;
}

const stepOf = (model: Model | null, network: ConfigName, precision: PrecisionName) =>
  model?.steps.find((step) => step.network === network && step.precision === precision);

/** Modelled milliseconds of all launches of a label in a step; null where the model has none. */
export function modelledKernelMs(
  model: Model | null,
  network: ConfigName,
  precision: PrecisionName,
  label: string,
): number | null {
  const text = stepOf(model, network, precision)?.kernels[label];
  const ms = / ([\d.e-]+) ms/.exec(text ?? '')?.[1];
  return ms === undefined ? null : Number(ms);
}
