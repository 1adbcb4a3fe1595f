/** @file Variants of an op: different algorithms with the same result, chosen by device, shape and dtype. */
import type { Caps, Device } from '../tensor/device.ts';
import { ConfigError } from '../tensor/errors.ts';

/**
 * Lanes of a software adapter's subgroups, 0 on a GPU: forms with one small subgroup a workgroup suit the first and
 * would leave most of the second idle, whatever its subgroup size.
 */
export function softwareLanes(caps: Caps): number {
  return caps.software ? caps.subgroupSize : 0;
}

/** One algorithm. `P` is what the op knows about the problem (sizes, strides, dtype). */
export interface Variant<P, Args extends readonly unknown[]> {
  readonly name: string;
  /** Whether it can compute this problem on this device at all. */
  fits(caps: Caps, problem: P): boolean;
  /** Whether to take it unasked where it fits; default yes. */
  preferred?(caps: Caps, problem: P): boolean;
  launch(device: Device, problem: P, ...args: Args): void;
}

/**
 * The forced variant (device option or PLANEWISE_VARIANT=op:variant) where it fits, else the first that fits
 * and is preferred: the order is the preference, so the choice is deterministic.
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
  const fitting = variants.filter((variant) => variant.fits(device.caps, problem));
  const preferred = fitting.filter((variant) => variant.preferred?.(device.caps, problem) ?? true);
  const chosen = fitting.find((variant) => variant.name === forced) ?? preferred[0];
  if (!chosen)
    throw new ConfigError(`No variant of ${op} fits this device and shape (it has: ${names.join(', ')}).`);
  return chosen;
}
