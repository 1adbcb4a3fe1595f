/** @file Variants of an op: different algorithms with the same result, chosen by device, shape and dtype. */

import { describe } from '../../base/describe.ts';
import { ConfigError } from '../../base/errors.ts';
import { expectSettings } from '../../base/settings.ts';
import { type Caps, Device } from '../../tensor/device.ts';
import { bucketKey, problemKey } from './problem.ts';
import { watcherOf } from './watch.ts';

/** Quads of lanes trade values, whatever the size of the subgroup. */
export function hasQuads({ software, subgroupSize }: Caps): boolean {
  return software && subgroupSize > 0 && subgroupSize % 4 === 0;
}

/**
 * Lanes of a software adapter's subgroups, 0 on a GPU: forms with one small subgroup a workgroup suit the first and
 * would leave most of the second idle, whatever its subgroup size.
 */
export function softwareLanes(caps: Caps): number {
  return caps.software ? caps.subgroupSize : 0;
}

/**
 * Whether an invocation may hold 64 sums, or a tile of four channels: on Apple's GPUs half of them are spilled, and
 * Intel's have fewer registers.
 */
export function hasManyRegisters({ vendor }: Caps): boolean {
  return /^(nvidia|amd)$/.test(vendor);
}

/** One algorithm. `P` is what the op knows about the problem (sizes, strides, dtype). */
export interface Variant<P, Args extends readonly unknown[]> {
  readonly name: string;
  /** Multiplies transformed values, which errs more than a direct sum; left out by the device option `winograd: false`. */
  readonly transforms?: true;
  /** Whether it can compute this problem on this device at all. */
  fits(caps: Caps, problem: P): boolean;
  /** Whether to take it unasked where it fits; default yes. */
  preferred?(caps: Caps, problem: P): boolean;
  launch(device: Device, problem: P, ...args: Args): void;
}

/** Problem (see `problemKey`) → name of the variant to take for it. */
export type Choices = Readonly<Record<string, string>>;

const choices = new WeakMap<Device, Choices>();

/**
 * Variants to take on a device from here on, where they fit; for others the order of preference holds. @throws ConfigError for what are none
 * @example
 * setChoices(device, {});
 */
export function setChoices(device: Device, chosen: Choices): void {
  if (!(device instanceof Device))
    throw new ConfigError(`setChoices got ${describe(device)} for the device. Pass one of openDevice().`);
  expectSettings('choices of setChoices', chosen, Object.keys(chosen ?? {}));
  // Without any, no launch need put its problem into words.
  if (Object.keys(chosen).length > 0) choices.set(device, chosen);
  else choices.delete(device);
}

export function choicesOf(device: Device): Choices {
  return choices.get(device) ?? {};
}

function named<V extends { readonly name: string }>(
  list: readonly V[],
  name: string | undefined,
): V | undefined {
  return list.find((variant) => variant.name === name);
}

/**
 * The forced variant (device option or PLANEWISE_VARIANT=op:variant) where it fits, else the device's choice for this
 * problem (`setChoices`) where that exists and fits, else the first that fits and is preferred: the order is the
 * preference, so without choices it is always the same.
 */
export function chooseVariant<P, Args extends readonly unknown[]>(
  device: Device,
  op: string,
  variants: readonly Variant<P, Args>[],
  problem: P,
): Variant<P, Args> {
  const forced = device.options.variants?.[op];
  const names = variants.map((variant) => variant.name);
  if (forced && !names.includes(forced)) {
    throw new ConfigError(`${op} has no variant "${forced}". It has: ${names.join(', ')}.`);
  }
  const direct = device.options.winograd === false;
  const allowed = variants.filter((variant) => !(direct && variant.transforms));
  const fitting = allowed.filter((variant) => variant.fits(device.caps, problem));
  const first = fitting.find((variant) => variant.preferred?.(device.caps, problem) ?? true);
  const ordered = named(fitting, forced) ?? first;
  if (!ordered)
    throw new ConfigError(`No variant of ${op} fits this device and shape (it has: ${names.join(', ')}).`);
  return tuned(device, op, forced ? [ordered] : fitting, problem, ordered);
}

function tuned<P, V extends { readonly name: string }>(
  device: Device,
  op: string,
  fitting: readonly V[],
  problem: P,
  ordered: V,
): V {
  const [taken, watcher] = [choices.get(device), watcherOf(device)];
  if (!taken && !watcher) return ordered;
  const key = problemKey(op, problem);
  const chosen = named(fitting, taken?.[key]) ?? ordered;
  const names = fitting.map(({ name }) => name);
  watcher?.choosing({ key, bucket: bucketKey(op, problem), fitting: names, chosen: chosen.name });
  return chosen;
}
