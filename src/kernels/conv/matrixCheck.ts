/** @file Whether a GPU's matrix units compute what its other kernels do: tried once before a program relies on them. */
import { empty, filled, randomNormal } from '../../tensor/create.ts';
import type { Device } from '../../tensor/device.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { cast } from '../cast.ts';
import { correlationVariants } from './correlate.ts';
import type { Correlation } from './correlationLayout.ts';
import { gatherVariants } from './gather.ts';
import type { Gather } from './gatherLayout.ts';

/** Images whose pixels and channels are no whole tiles. */
const [BATCH, HEIGHT, WIDTH, IN, OUT] = [2, 13, 11, 72, 68];

/** Of f16 products with sums in f32, over the largest value: rounding of the results is 5e-4, a wrong factor far more. */
const TOLERANCE = 4e-3;

const kernel = { kernelHeight: 3, kernelWidth: 3, stride: 1, dilation: 1 };
const forward: Gather = {
  ...{ dtype: 'f16', batch: BATCH, k: IN, m: OUT, ...kernel, up: 1, offsetY: -1, offsetX: -1 },
  ...{ inHeight: HEIGHT, inWidth: WIDTH, outHeight: HEIGHT, outWidth: WIDTH },
  ...{ transposed: false, relu: false, biased: false },
};
const weightGrad: Correlation = {
  ...{ dtype: 'f16', batch: BATCH, a: IN, b: OUT, ...kernel, padding: 1 },
  ...{ largeHeight: HEIGHT, largeWidth: WIDTH, smallHeight: HEIGHT, smallWidth: WIDTH },
};

/** Normal numbers of this shape in f16. */
function halves(device: Device, shape: readonly number[], seed: number): Tensor {
  using whole = randomNormal(device, shape, seed);
  const half = empty(device, { shape, dtype: 'f16' }, 'check of matrix units');
  cast.launch(device, [whole], [half], { dtype: 'f16' });
  return half;
}

/** y = x ∗ weight, and the weight's gradient of x and dy, by these variants. */
async function computed(device: Device, form: 'matrix' | 'gemm4'): Promise<ArrayLike<number>[]> {
  const pick = <V extends { readonly name: string }>(list: readonly V[]): V =>
    list.find(({ name }) => name === form)!;
  using x = halves(device, [BATCH, HEIGHT, WIDTH, IN], 1);
  using dy = halves(device, [BATCH, HEIGHT, WIDTH, OUT], 2);
  using weight = halves(device, [3, 3, IN, OUT], 3);
  // What is not written must not hold what the other form wrote there before.
  using y = filled(device, Number.NaN, [BATCH, HEIGHT, WIDTH, OUT], 'f16');
  using dw = filled(device, Number.NaN, [3, 3, IN, OUT]);
  pick(gatherVariants).launch(device, forward, { x, weight, bias: null, y }, `conv2d[${form}]`);
  const label = `conv2dWeightGrad[${form}]`;
  pick(correlationVariants).launch(device, weightGrad, { large: x, small: dy, partial: dw }, 1, label);
  return Promise.all([y.read(), dw.read()]);
}

function agrees(values: ArrayLike<number>, others: ArrayLike<number>): boolean {
  const list = Array.from(values);
  const largest = list.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  // written so that NaN does not agree
  return list.every((value, i) => Math.abs(value - others[i]!) <= TOLERANCE * largest);
}

/**
 * Whether a convolution and a weight's gradient in f16 come out of the matrix units as of the other kernels. A driver
 * that refuses them, or its device, counts as no.
 */
export async function matricesAgree(device: Device): Promise<boolean> {
  try {
    const plain = await computed(device, 'gemm4');
    const onMatrices = await computed(device, 'matrix');
    return plain.every((values, i) => agrees(values, onMatrices[i]!));
  } catch {
    // What else is reported of it comes by then.
    await device.gpu.queue.onSubmittedWorkDone().catch(() => {});
    device.clearError();
    return false;
  }
}
