/** @file Whether a GPU's matrix units compute what its other kernels do: tried once before a program relies on them. */
import { empty, filled, randomNormal } from '../../tensor/create.ts';
import type { Device } from '../../tensor/device.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { cast } from '../cast.ts';
import { correlationVariants } from './correlate.ts';
import type { Correlation } from './correlationLayout.ts';
import { gatherVariants } from './gather.ts';
import type { Gather } from './gatherLayout.ts';

/** Images whose pixels are no whole tiles. */
const [BATCH, HEIGHT, WIDTH] = [2, 13, 11];

/** Channels in and out: whole rounds of the one and not of the other, for each has a shader of its own. */
const CHANNELS = [
  [64, 68],
  [68, 64],
] as const;

/** Of f16 products with sums in f32, over the largest value: rounding of the results is 5e-4, a wrong factor far more. */
const TOLERANCE = 4e-3;

const kernel = { kernelHeight: 3, kernelWidth: 3, stride: 1 };

/** A convolution of k channels to m, or the adjoint of one of m to k. */
const gatherOf = (k: number, m: number, transposed: boolean): Gather => ({
  ...{ dtype: 'f16', batch: BATCH, k, m, ...kernel, up: 1, transposed, relu: false, biased: false },
  ...{ inHeight: HEIGHT, inWidth: WIDTH, outHeight: HEIGHT, outWidth: WIDTH },
  ...(transposed ? { dilation: -1, offsetY: 1, offsetX: 1 } : { dilation: 1, offsetY: -1, offsetX: -1 }),
});

const correlationOf = (a: number, b: number): Correlation => ({
  ...{ dtype: 'f16', batch: BATCH, a, b, ...kernel, dilation: 1, padding: 1 },
  ...{ largeHeight: HEIGHT, largeWidth: WIDTH, smallHeight: HEIGHT, smallWidth: WIDTH },
});

/** Normal numbers of this shape in f16. */
function halves(device: Device, shape: readonly number[], seed: number): Tensor {
  using whole = randomNormal(device, shape, seed);
  const half = empty(device, { shape, dtype: 'f16' }, 'check of matrix units');
  cast.launch(device, [whole], [half], { dtype: 'f16' });
  return half;
}

/** y = x ∗ weight, and both gradients of dy, by these variants. */
async function computed(
  device: Device,
  form: 'matrix' | 'gemm4',
  [k, m]: (typeof CHANNELS)[number],
): Promise<ArrayLike<number>[]> {
  const pick = <V extends { readonly name: string }>(list: readonly V[]): V =>
    list.find(({ name }) => name === form)!;
  const [gather, correlation] = [pick(gatherVariants), pick(correlationVariants)];
  using x = halves(device, [BATCH, HEIGHT, WIDTH, k], 1);
  using dy = halves(device, [BATCH, HEIGHT, WIDTH, m], 2);
  using weight = halves(device, [3, 3, k, m], 3);
  // What is not written must not hold what the other form wrote there before.
  using y = filled(device, Number.NaN, [BATCH, HEIGHT, WIDTH, m], 'f16');
  using dx = filled(device, Number.NaN, [BATCH, HEIGHT, WIDTH, k], 'f16');
  using dw = filled(device, Number.NaN, [3, 3, k, m]);
  const shared = { weight, bias: null };
  gather.launch(device, gatherOf(k, m, false), { x, y, ...shared }, `conv2d[${form}]`);
  gather.launch(device, gatherOf(m, k, true), { x: dy, y: dx, ...shared }, `conv2dInputGrad[${form}]`);
  const images = { large: x, small: dy, partial: dw };
  correlation.launch(device, correlationOf(k, m), images, 1, `conv2dWeightGrad[${form}]`);
  return Promise.all([y.read(), dx.read(), dw.read()]);
}

function agrees(values: ArrayLike<number>, others: ArrayLike<number>): boolean {
  const list = Array.from(values);
  const largest = list.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  // written so that NaN does not agree
  return list.every((value, i) => Math.abs(value - others[i]!) <= TOLERANCE * largest);
}

/**
 * Whether a convolution and its gradients in f16 come out of the matrix units as of the other kernels. A driver that
 * refuses them, or its device, counts as no.
 */
export async function matricesAgree(device: Device): Promise<boolean> {
  try {
    for (const channels of CHANNELS) {
      const plain = await computed(device, 'gemm4', channels);
      const onMatrices = await computed(device, 'matrix', channels);
      if (!plain.every((values, i) => agrees(values, onMatrices[i]!))) return false;
    }
    return true;
  } catch {
    // What else is reported of it comes by then.
    await device.gpu.queue.onSubmittedWorkDone().catch(() => {});
    device.clearError();
    return false;
  }
}
