/** @file The one helper that checks an op: forward and gradient against float64, shape, poisoned outputs, leaks. */
import { expect } from 'vitest';
import { Tape } from '../src/autograd/tape.ts';
import { uniforms } from '../src/base/random.ts';
import { tensor } from '../src/tensor/create.ts';
import type { Device } from '../src/tensor/device.ts';
import { elementCount, type Shape } from '../src/tensor/shape.ts';
import type { Tensor } from '../src/tensor/tensor.ts';

/** A tensor on the host in float64. */
export interface Host {
  readonly shape: Shape;
  readonly data: Float64Array;
}

export interface OpCheck {
  readonly inputs: readonly Host[];
  /** The op under test, on the device. */
  forward(...inputs: Tensor[]): Tensor;
  /** The same in float64 with plain loops. */
  reference(...inputs: Host[]): Host;
  /** Terms in the longest sum, for the tolerance (default 1). */
  readonly reduction?: number;
  /** Which inputs to check the gradient of (default all). */
  readonly gradientOf?: readonly number[];
  /** Relative tolerance of one operation; widened by √reduction (default 4 float32 ulps). */
  readonly epsilon?: number;
  /** Extra room for the gradient, e.g. for algorithms with transforms (default 4). */
  readonly gradientSlack?: number;
}

/** Random values in [low, high), rounded to float32 so that device and reference start equal. */
export function random(shape: Shape, seed = 1, low = -1, high = 1): Host {
  const data = Float64Array.from(uniforms(elementCount(shape), seed), (u) =>
    Math.fround(low + (high - low) * u),
  );
  return { shape, data };
}

export function host(shape: Shape, data: ArrayLike<number>): Host {
  return { shape, data: Float64Array.from(data) };
}

/** Fills every buffer that is handed out with NaN bits while `action` runs. */
export async function poisoned<T>(device: Device, action: () => T | Promise<T>): Promise<T> {
  device.memory.onAllocate = ({ buffer, bytes }) =>
    device.write(buffer!, 0, new Uint8Array(bytes).fill(0xff));
  try {
    return await action();
  } finally {
    device.memory.onAllocate = undefined;
  }
}

/** Told of every comparison: the largest error, as a share of what is allowed. */
export const comparisons = new Set<(share: number) => void>();

/** Largest |a − b| allowed is `tolerance` times the largest finite |b|; NaN and infinities must match exactly. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what: string,
): void {
  expect(actual.length, `${what}: element count`).toBe(expected.length);
  let scale = 1e-6;
  for (let i = 0; i < expected.length; i++)
    if (Number.isFinite(expected[i]!)) scale = Math.max(scale, Math.abs(expected[i]!));
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    const a = actual[i]!;
    const b = expected[i]!;
    if (Number.isFinite(b) && tolerance > 0) worst = Math.max(worst, Math.abs(a - b) / (tolerance * scale));
    const fine = Number.isFinite(b) ? Math.abs(a - b) <= tolerance * scale : Object.is(a, b);
    if (!fine) expect.fail(`${what}: element ${i} is ${a}, expected ${b} ± ${tolerance * scale}`);
  }
  for (const tell of comparisons) tell(worst);
}

/** Central differences of Σ reference·dy with respect to element `index` of input `which`. */
function difference(check: OpCheck, dy: Host, which: number, index: number): number {
  const step = 1e-5;
  const shifted = [1, -1].map((sign) => {
    const inputs = check.inputs.map((input, i) =>
      i === which ? { ...input, data: input.data.slice() } : input,
    );
    inputs[which]!.data[index]! += sign * step;
    const y = check.reference(...inputs).data;
    return y.reduce((sum, value, i) => sum + value * dy.data[i]!, 0);
  });
  return (shifted[0]! - shifted[1]!) / (2 * step);
}

/** Up to `count` element indices, spread over the tensor. */
function sample(size: number, count = 12): number[] {
  if (size <= count) return Array.from({ length: size }, (_, i) => i);
  const picks = uniforms(count - 2, 99).map((u) => Math.floor(u * size));
  return [0, size - 1, ...picks];
}

/** Runs the whole check of one op on one case. */
export async function checkOp(device: Device, check: OpCheck): Promise<void> {
  const epsilon = (check.epsilon ?? 2 ** -21) * Math.sqrt(check.reduction ?? 1);
  const expected = check.reference(...check.inputs);
  const gradientOf = check.gradientOf ?? check.inputs.map((_, i) => i);
  const dy = random(expected.shape, 77);
  const inputs = check.inputs.map(({ shape, data }) => tensor(device, data, shape));
  for (const which of gradientOf) inputs[which]!.requiresGrad = true;
  await poisoned(device, async () => {
    using tape = new Tape();
    const y = check.forward(...inputs);
    expect(y.shape).toEqual(expected.shape);
    expectClose(await y.read(), expected.data, epsilon, 'forward');
    if (gradientOf.length) tape.backward(y, tensor(device, dy.data, dy.shape));
  });
  for (const which of gradientOf) {
    const gradient = inputs[which]!.grad;
    if (!gradient) expect.fail(`input ${which} got no gradient`);
    expect(gradient.shape).toEqual(inputs[which]!.shape);
    const values = await gradient.read();
    gradient.dispose();
    const picks = sample(values.length);
    const wanted = picks.map((index) => difference(check, dy, which, index));
    const got = picks.map((index) => values[index]!);
    const slack = (check.gradientSlack ?? 4) * Math.sqrt(dy.data.length / Math.max(1, values.length) + 1);
    expectClose(got, wanted, epsilon * slack + 1e-8, `gradient of input ${which}`);
  }
}
