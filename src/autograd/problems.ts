/** @file The problems of a step that several variants can solve: found by running its code, ready to be launched again. */

import { cast } from '../kernels/cast.ts';
import type { Product } from '../kernels/conv/winogradProduct.ts';
import { choicesOf, setChoices } from '../kernels/launch/variant.ts';
import { type WatchedChoice, type WatchedLaunch, watched } from '../kernels/launch/watch.ts';
import { runOp } from '../kernels/op.ts';
import { expand } from '../kernels/reduce.ts';
import { empty, randomUniform, zeros } from '../tensor/create.ts';
import type { Device } from '../tensor/device.ts';
import { elementCount } from '../tensor/shape.ts';
import { type ChannelRun, type Spec, Tensor } from '../tensor/tensor.ts';
import { expectStep, rehearse, type StepOutputs } from './record.ts';

type TensorSpec = Spec & { readonly run: ChannelRun | undefined };

/** An op's launch without its tensors: their shapes, and which of its inputs are one tensor. */
export interface Replica {
  readonly specs: readonly TensorSpec[];
  /** Per input its place in `specs`. */
  readonly inputs: readonly (number | null)[];
  readonly outputs: readonly TensorSpec[];
  readonly launch: WatchedLaunch['launch'];
}

/** One choice of a step: a problem, the variants that can solve it, and the launches whose time depends on it. */
export interface Problem extends WatchedChoice {
  /** The choice, and the shapes that go into and come out of the first op that comes to it; of a product, its own. */
  readonly title: string;
  /** Launches of the step that come to it. */
  readonly uses: number;
  readonly replicas: readonly Replica[];
}

function specOf({ shape, dtype, run }: Tensor): TensorSpec {
  return { shape, dtype, run };
}

function replicaOf({ inputs, outputs, launch }: WatchedLaunch): Replica {
  const distinct = [...new Set(inputs.filter((input) => input !== null))];
  return {
    specs: distinct.map(specOf),
    inputs: inputs.map((input) => input && distinct.indexOf(input)),
    outputs: outputs.map(specOf),
    launch,
  };
}

function shapesOf({ inputs, outputs }: WatchedLaunch): string {
  const shapes = (tensors: readonly (Tensor | null)[]) => [
    ...new Set(tensors.filter((one) => one && one.shape.length > 1).map((one) => one!.shape.join('×'))),
  ];
  return `${shapes(inputs).join(' ')} → ${shapes(outputs).join(' ')}`;
}

/** Ops come to several products, which their shapes would not tell apart. */
function titleOf(key: string, first: WatchedLaunch): string {
  const op = key.slice(0, key.indexOf(' '));
  if (op !== 'product') return `${op} ${shapesOf(first)}`;
  const { points, rows, depth, columns, ...of } = JSON.parse(key.slice(op.length)) as Product;
  const sizes = `${op} ${points} of ${rows}×${depth}×${columns}`;
  const notes = [of.turnedA && 'A turned', of.turnedB && 'B turned', of.planeB && 'B a part'];
  return [sizes, ...notes.filter(Boolean)].join(', ');
}

/**
 * The choices that a step's code comes to, without executing it, under the order of preference. Choices that are
 * forced (device option `variants`) or have one variant that fits are none.
 * @throws CaptureError as `capture` does
 * @example
 * const images = zeros(device, [1, 8, 8, 4]);
 * const problems = problemsOf(device, () => ({ y: ops.conv2d(images, zeros(device, [3, 3, 4, 8])) }));
 * problems.map(({ uses }) => uses); // [1]
 */
export function problemsOf(device: Device, step: () => StepOutputs): Problem[] {
  expectStep('problemsOf', device, step);
  const found = new Map<
    string,
    { choice: WatchedChoice; uses: Set<WatchedLaunch>; launches: Map<string, WatchedLaunch> }
  >();
  let current: WatchedLaunch | undefined;
  const watcher = {
    launching(launch: WatchedLaunch) {
      current = launch;
    },
    choosing(choice: WatchedChoice) {
      if (choice.fitting.length < 2 || !current) return;
      const entry = found.get(choice.key) ?? { choice, uses: new Set(), launches: new Map() };
      // A launch may come to its choice several times.
      entry.uses.add(current);
      // The first of its kind stands for all.
      const kind = `${current.op} ${shapesOf(current)}`;
      if (!entry.launches.has(kind)) entry.launches.set(kind, current);
      found.set(choice.key, entry);
    },
  };
  const before = choicesOf(device);
  setChoices(device, {});
  try {
    watched(device, watcher, () => rehearse(device, step));
  } finally {
    setChoices(device, before);
  }
  return [...found.values()].map(({ choice, uses, launches }) => {
    const [first] = launches.values();
    const title = titleOf(choice.key, first!);
    return { ...choice, title, uses: uses.size, replicas: [...launches.values()].map(replicaOf) };
  });
}

/** Random values that a large tensor is filled with over and over: filling it from the host would be slow. */
const BLOCK = 1 << 16;

/** A tensor of values in [0, 1), or of zeros where they are indices or flags. */
function noise(device: Device, { shape, dtype }: Spec): Tensor {
  const size = elementCount(shape);
  if (size === 0 || (dtype !== 'f32' && dtype !== 'f16')) return zeros(device, shape, dtype);
  const length = Math.min(size, BLOCK);
  const block = randomUniform(device, [1, length], 1);
  const whole = runOp(expand, [block], { shape: [Math.ceil(size / length), length] })[0]!;
  const values = dtype === 'f32' ? whole : runOp(cast, [whole], { dtype })[0]!;
  return new Tensor(device, values.storage.retain(), { shape, dtype }, 'noise');
}

/** A tensor as it was in the step: whole, or the same channels of pixels as wide. */
function like({ shape, dtype, run: channels }: TensorSpec, make: (spec: Spec) => Tensor): Tensor {
  if (!channels) return make({ shape, dtype });
  const { start, pitch } = channels;
  return make({ shape: [...shape.slice(0, -1), pitch], dtype }).viewChannels(start, start + shape.at(-1)!);
}

/** Launches everything whose time depends on a problem's choice, on tensors that last until the scope around ends. */
export function launcherOf(device: Device, { replicas }: Problem): () => void {
  const ready = replicas.map(({ specs, inputs, outputs, launch }) => {
    const tensors = specs.map((spec) => like(spec, (wide) => noise(device, wide)));
    const from = inputs.map((index) => (index === null ? null : tensors[index]!));
    const to = outputs.map((spec) => like(spec, (wide) => empty(device, wide, 'tuned')));
    return () => launch(from, to);
  });
  return () => {
    for (const launch of ready) launch();
  };
}
