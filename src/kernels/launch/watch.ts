/** @file What a tuner sees while a step's code runs: the ops it launches, and the variants they choose among. */
import type { Device } from '../../tensor/device.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** An op as it is launched; `launch` does it again, on any tensors of the same shapes. */
export interface WatchedLaunch {
  readonly op: string;
  readonly inputs: readonly (Tensor | null)[];
  readonly outputs: readonly Tensor[];
  launch(inputs: readonly (Tensor | null)[], outputs: readonly Tensor[]): void;
}

/** A choice that the launch announced last has come to. */
export interface WatchedChoice {
  /** See `problemKey`. */
  readonly key: string;
  /** See `bucketKey`. */
  readonly bucket: string;
  /** Names of the variants that fit, in the order of preference; a forced one alone. */
  readonly fitting: readonly string[];
  readonly chosen: string;
}

export interface Watcher {
  launching(launch: WatchedLaunch): void;
  choosing(choice: WatchedChoice): void;
}

const watchers = new WeakMap<Device, Watcher>();

export function watcherOf(device: Device): Watcher | undefined {
  return watchers.get(device);
}

/** Tells `watcher` what happens on the device from here on, but for what another is told meanwhile (`watched`). */
export function watch(device: Device, watcher: Watcher): void {
  watchers.set(device, watcher);
}

/** Runs `action` while `watcher` is told what happens on the device. */
export function watched<T>(device: Device, watcher: Watcher, action: () => T): T {
  const before = watchers.get(device);
  watchers.set(device, watcher);
  try {
    return action();
  } finally {
    if (before) watchers.set(device, before);
    else watchers.delete(device);
  }
}
