/** @file Recording: runs a step's code once and notes what it launches instead of executing it. */

import { describe } from '../base/describe.ts';
import { CaptureError } from '../base/errors.ts';
import { type Launch, queueOf } from '../kernels/launch/queue.ts';
import { type Share, setShare } from '../kernels/launch/share.ts';
import { Device } from '../tensor/device.ts';
import type { Region } from '../tensor/memory.ts';
import { forbidInCapture, gradientsMadeIn, setRecorder } from '../tensor/recorded.ts';
import { disown, type Scope, scope } from '../tensor/scope.ts';
import { confined, type Storage } from '../tensor/storage.ts';
import { Tensor } from '../tensor/tensor.ts';
import { type RankSum, rankSumOf, readyAfter } from './sums.ts';
import { closeSince, countTapes, isPromise } from './tapes.ts';

/** What a captured step gives, by name; written anew at each run. */
export type StepOutputs = Readonly<Record<string, Tensor>>;

/** What a step did when it was recorded. */
export interface Recording<O> {
  readonly launches: Launch[];
  /** What ranks sum in between, in order. */
  readonly sums: readonly RankSum[];
  readonly virtual: Storage[];
  readonly outputs: O;
  readonly constants: Storage[];
  /** What was there before and the launches read or write: held, and expected to be alive at every run. */
  readonly outside: readonly Storage[];
  /** Gradients that the step leaves in the slots of their tensors. */
  readonly gradients: ReadonlyMap<Tensor, Tensor>;
}

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
};

const refused = (what: string): CaptureError =>
  new CaptureError(`capture: the step returned ${what}. Return a plain record of tensors, such as { loss }.`);

/** The names and values of a record. @throws CaptureError for what is none */
function entriesOf(returned: unknown): [string, unknown][] {
  if (returned instanceof Tensor) throw refused('a tensor');
  if (isPromise(returned)) {
    returned.then(undefined, () => {});
    throw new CaptureError('capture: the step is async. Make it a plain function; await outside it.');
  }
  if (typeof returned !== 'object' || returned === null || Array.isArray(returned) || !isPlain(returned))
    throw refused(describe(returned));
  if (Object.getOwnPropertySymbols(returned).length > 0) throw refused('a record with a symbol as a name');
  return Object.entries(returned);
}

/** What a step has returned. @throws CaptureError for anything but a plain record of tensors that can be its outputs */
function outputsOf(device: Device, returned: unknown, own: ReadonlySet<Storage>): [string, Tensor][] {
  return entriesOf(returned).map(([name, value]) => {
    if (!(value instanceof Tensor)) throw refused(`${describe(value)} as ${name}`);
    if (value.device !== device) throw refused(`a tensor of another device as ${name}`);
    if (value.disposed) throw refused(`${value.label} as ${name}, which it has disposed`);
    if (!value.storage.buffer && !own.has(value.storage)) throw confined(value.label);
    return [name, value];
  });
}

/** The outputs as the step's own: what it has made itself, and handles on what it has not. */
function ownOutputs(outputs: readonly [string, Tensor][], inner: Scope): StepOutputs {
  const entries = outputs.map(([name, output]) => {
    const own = inner.owns(output) ? output : output.view();
    inner.release(own);
    return [name, disown(own)] as const;
  });
  return Object.fromEntries(entries);
}

/** The storages that launches use, but for the step's own. @throws CaptureError where one is gone */
function outsideOf(launches: readonly Launch[], own: ReadonlySet<Storage>): Storage[] {
  const used = new Set(launches.flatMap(({ slices }) => slices.map(({ storage }) => storage)));
  const outside = [...used].filter((storage) => !own.has(storage));
  for (const { label, alive, buffer } of outside) {
    if (!alive)
      throw new CaptureError(
        `capture: the step has disposed ${label}, which it was given from outside. Dispose it after the step's last run.`,
      );
    if (!buffer) throw confined(label);
  }
  return outside;
}

/** What a step is doing while it is being recorded. */
class Recorder {
  readonly launches: Launch[] = [];
  readonly sums: RankSum[] = [];
  readonly virtual: Storage[] = [];
  readonly constants: Storage[] = [];
  readonly step = {};
  readonly #device: Device;
  readonly #tapes = countTapes();
  /** Forget the writes: a step writes when it runs. */
  readonly #marks = new Map<Storage, () => void>();

  constructor(device: Device, share: Share | undefined) {
    this.#device = device;
    device.recording = this.step;
    if (share)
      setShare(device, {
        share,
        notes: {
          sum: (tensor, factor) => this.sums.push(rankSumOf(tensor, this.launches.length, { factor })),
          early: (parts) => this.#noteEarly(parts, share.gradientSums === 'f16'),
        },
      });
    setRecorder(device);
    device.memory.virtualize = (storage) => this.virtual.push(storage);
    device.memory.onAllocate = (storage) => this.constants.push(storage.retain());
    queueOf(device).recorder = (launch) => this.#record(launch);
  }

  #noteEarly(parts: readonly Tensor[], halves: boolean): void {
    let ready = 0;
    for (const part of parts) {
      // in this order on all ranks, whatever their launches are
      ready = Math.max(ready, readyAfter(this.launches, part));
      this.sums.push(rankSumOf(part, this.launches.length, { early: { ready, halves } }));
    }
  }

  #record(launch: Launch): void {
    this.launches.push(launch);
    for (const { writes, storage } of launch.slices)
      if (writes && !this.#marks.has(storage)) this.#marks.set(storage, storage.mark());
  }

  /** What was recorded, of a step that has returned. */
  finish(returned: unknown, inner: Scope): Recording<StepOutputs> {
    const { launches, sums, virtual, constants } = this;
    const own = new Set([...virtual, ...constants]);
    const named = outputsOf(this.#device, returned, own);
    const outside = outsideOf(launches, own);
    const made = [...gradientsMadeIn(this.step)];
    const gradients = new Map(
      made.flatMap(([leaf, gradient]) => (gradient && leaf.gradSlot === gradient ? [[leaf, gradient]] : [])),
    );
    // From here on nothing throws.
    for (const storage of outside) storage.hold();
    return { launches, sums, virtual, constants, outside, gradients, outputs: ownOutputs(named, inner) };
  }

  /** Lets go of what a step has left that threw. */
  abandon(): void {
    closeSince(this.#tapes);
    for (const storage of this.constants) storage.release();
  }

  end(): void {
    const device = this.#device;
    device.recording = undefined;
    setShare(device, null);
    setRecorder(undefined);
    device.memory.virtualize = undefined;
    device.memory.onAllocate = undefined;
    queueOf(device).recorder = undefined;
    for (const forget of this.#marks.values()) forget();
  }
}

/**
 * Runs a step's code once, noting its launches and, where it has a share of a batch, the sums over ranks. What it reads
 * from outside is held from here on.
 * @throws CaptureError for nesting, host reads or writes, and for a step that returns anything but a plain record of
 * tensors of its device
 */
export function record<O extends StepOutputs>(device: Device, step: () => O, share?: Share): Recording<O> {
  expectStep('capture', device, step);
  forbidNesting();
  device.flush();
  const recorder = new Recorder(device, share);
  try {
    using inner = scope();
    return recorder.finish(step(), inner) as Recording<O>;
  } catch (error) {
    recorder.abandon();
    throw error;
  } finally {
    recorder.end();
  }
}

/** Throws CaptureError unless there are a device and the code of a step. */
export function expectStep(call: string, device: unknown, step: unknown): void {
  if (device instanceof Device && typeof step === 'function') return;
  throw new CaptureError(`${call}: pass a device of openDevice() and the step, a plain function.`);
}

/** Throws CaptureError while a step is being recorded. */
export const forbidNesting = (): void => forbidInCapture('capture()', 'Capture one step that does both.');

/** Lets go of what a recording holds. */
export function discard({ outputs, constants, virtual, outside }: Recording<StepOutputs>): void {
  for (const output of Object.values(outputs)) output.dispose();
  for (const storage of constants) storage.release();
  for (const storage of outside) storage.unhold();
  // Its place goes to others: a view that someone has kept must not read them.
  for (const storage of virtual) storage.buffer = undefined;
}

/** Runs a step's code as `capture` does, and keeps nothing: for whoever wants to know what it would launch. */
export function rehearse(device: Device, step: () => StepOutputs): void {
  discard(record(device, step));
}

/** What launches write of storages that are known outside: whoever has read them must learn of it. */
export function writesOf({ launches, outside, outputs }: Recording<StepOutputs>): [Storage, Region][] {
  const known = new Set([...outside, ...Object.values(outputs).map(({ storage }) => storage)]);
  const written = new Map<Storage, Map<string, Region>>();
  for (const { storage, offset, size, writes } of launches.flatMap(({ slices }) => slices)) {
    if (!writes || !known.has(storage)) continue;
    const regions = written.get(storage) ?? new Map<string, Region>();
    regions.set(`${offset}:${size}`, { offset, bytes: size, start: 0, channels: 0, pitch: 0 });
    written.set(storage, regions);
  }
  return [...written].flatMap(([storage, regions]) =>
    [...regions.values()].map((region): [Storage, Region] => [storage, region]),
  );
}
