/** @file Recording: runs a step's code once and notes what it launches instead of executing it. */

import { CaptureError } from '../base/errors.ts';
import { describe } from '../kernels/checks.ts';
import { type Launch, queueOf } from '../kernels/launch/queue.ts';
import { Device } from '../tensor/device.ts';
import type { Storage } from '../tensor/memory.ts';
import { gradientsMadeIn } from '../tensor/recorded.ts';
import { disown, type Scope, scope } from '../tensor/scope.ts';
import { Tensor } from '../tensor/tensor.ts';
import { closeSince, countTapes, isPromise } from './tapes.ts';

export type StepOutputs = Readonly<Record<string, Tensor>>;

export interface Recording<O> {
  readonly launches: Launch[];
  readonly virtual: Storage[];
  readonly outputs: O;
  readonly constants: Storage[];
  /** What was there before and the launches read or write: held, and expected to be alive at every run. */
  readonly outside: readonly Storage[];
  /** Gradients that the step leaves in the slots of their tensors. */
  readonly gradients: ReadonlyMap<Tensor, Tensor>;
}

/** Throws CaptureError unless a step has returned a record of tensors. */
function expectOutputs(outputs: unknown): asserts outputs is StepOutputs {
  const found = (what: string) =>
    new CaptureError(`capture: the step returned ${what}. Return a record of tensors, such as { loss }.`);
  if (outputs instanceof Tensor) throw found('a tensor');
  if (isPromise(outputs)) {
    outputs.then(undefined, () => {});
    throw new CaptureError('capture: the step is async. Make it a plain function; await outside it.');
  }
  const plain = typeof outputs === 'object' && outputs !== null && !Array.isArray(outputs);
  if (!plain) throw found(describe(outputs));
  const wrong = Object.entries(outputs).find(([, value]) => !(value instanceof Tensor));
  if (wrong) throw found(`${describe(wrong[1])} as ${wrong[0]}`);
}

/** The outputs as the step's own: what it has made itself, and handles on what it has not. */
function ownOutputs(outputs: StepOutputs, inner: Scope): StepOutputs {
  const entries = Object.entries(outputs).map(([name, output]) => {
    const own = inner.owns(output) ? output : output.view();
    inner.release(own);
    return [name, disown(own)] as const;
  });
  return Object.fromEntries(entries);
}

/** The storages that launches use, but for the step's own; held. */
function outsideOf(launches: readonly Launch[], own: ReadonlySet<Storage>): Storage[] {
  const used = new Set(launches.flatMap(({ slices }) => slices.map(({ storage }) => storage)));
  const outside = [...used].filter((storage) => !own.has(storage));
  const gone = outside.find((storage) => !storage.alive);
  if (gone) {
    throw new CaptureError(
      `capture: the step has disposed ${gone.label}, which it was given from outside. Dispose it after the step's last run.`,
    );
  }
  for (const storage of outside) storage.hold();
  return outside;
}

/**
 * Runs a step's code once, noting its launches. What it reads from outside is held from here on.
 * @throws CaptureError for nesting, host reads or writes, and for a step that returns anything but a record of tensors
 */
export function record<O extends StepOutputs>(device: Device, step: () => O): Recording<O> {
  if (!(device instanceof Device) || typeof step !== 'function')
    throw new CaptureError('capture: pass a device of openDevice() and the step, a plain function.');
  const queue = queueOf(device);
  if (device.recording)
    throw new CaptureError('capture() inside a captured step. Capture one step that does both.');
  device.flush();
  const launches: Launch[] = [];
  const virtual: Storage[] = [];
  const constants: Storage[] = [];
  const recording = {};
  const tapes = countTapes();
  device.recording = recording;
  device.memory.virtualize = (storage) => virtual.push(storage);
  device.memory.onAllocate = (storage) => constants.push(storage.retain());
  queue.recorder = (launch) => launches.push(launch);
  try {
    using inner = scope();
    const returned: unknown = step();
    expectOutputs(returned);
    const outputs = ownOutputs(returned, inner) as O;
    const made = [...gradientsMadeIn(recording)];
    const gradients = new Map(
      made.flatMap(([leaf, gradient]) => (gradient && leaf.gradSlot === gradient ? [[leaf, gradient]] : [])),
    );
    const outside = outsideOf(launches, new Set([...virtual, ...constants]));
    return { launches, virtual, outputs, constants, outside, gradients };
  } catch (error) {
    closeSince(tapes);
    for (const storage of constants) storage.release();
    throw error;
  } finally {
    device.recording = undefined;
    device.memory.virtualize = undefined;
    device.memory.onAllocate = undefined;
    queue.recorder = undefined;
  }
}

/** Lets go of what a recording holds. */
export function discard({ outputs, constants, outside }: Recording<StepOutputs>): void {
  for (const output of Object.values(outputs)) output.dispose();
  for (const storage of constants) storage.release();
  for (const storage of outside) storage.unhold();
}

/** Runs a step's code as `capture` does, and keeps nothing: for whoever wants to know what it would launch. */
export function rehearse(device: Device, step: () => StepOutputs): void {
  discard(record(device, step));
}
