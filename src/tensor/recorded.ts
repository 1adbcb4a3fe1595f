/**
 * @file The step that is being recorded: one at most, for recording is synchronous. What it makes of gradients is its
 * own, and while it lasts the host neither reads nor writes, on any device.
 */
import { CaptureError } from '../base/errors.ts';
import type { Device } from './device.ts';
import type { Tensor } from './tensor.ts';

let recorder: Device | undefined;

/** Says whose step is being recorded from here on; undefined where none is. */
export function setRecorder(device: Device | undefined): void {
  recorder = device;
}

/** Throws CaptureError while a step is being recorded. */
export function forbidInCapture(what: string, fix: string): void {
  if (recorder) throw new CaptureError(`${what} inside a captured step. ${fix}`);
}

/** Throws CaptureError where a step is being recorded on another device: it would not be a part of it. */
export function expectRecorder(call: string, device: Device): void {
  if (recorder === undefined || recorder === device) return;
  throw new CaptureError(
    `${call}: its tensors are on another device than the captured step. A step is of one device: capture one on each.`,
  );
}

const madeInside = new WeakMap<object, Map<Tensor, Tensor | undefined>>();

/** What a step being recorded has made of gradients so far: theirs, or undefined where it forgot them. */
export function gradientsMadeIn(step: object): Map<Tensor, Tensor | undefined> {
  const made = madeInside.get(step) ?? new Map<Tensor, Tensor | undefined>();
  madeInside.set(step, made);
  return made;
}
