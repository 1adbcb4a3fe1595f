/** @file 3×3 convolutions at the U-Nets' shapes: forward, gradient of the input, gradient of the weight. */
import { cpus } from 'node:os';
import { correlate, correlationVariants } from '../src/kernels/conv/correlate.ts';
import type { Correlation } from '../src/kernels/conv/correlationLayout.ts';
import { gather, gatherVariants } from '../src/kernels/conv/gather.ts';
import type { Gather } from '../src/kernels/conv/gatherLayout.ts';
import { chooseVariant } from '../src/kernels/launch/variant.ts';
import { empty, randomNormal } from '../src/tensor/create.ts';
import type { Device } from '../src/tensor/device.ts';
import { scope } from '../src/tensor/scope.ts';
import { type ConfigName, type NetworkSizes, sizesOf } from './network.ts';
import { type Batch, summarize, timeReplays } from './timing.ts';

export interface ConvolutionShape {
  readonly batch: number;
  readonly side: number;
  readonly channelsIn: number;
  readonly channelsOut: number;
}

export interface ConvolutionRow extends ConvolutionShape {
  readonly config: ConfigName;
  readonly direction: 'forward' | 'input gradient' | 'weight gradient';
  readonly variant: string;
  /** Median. */
  readonly ms: number;
  /** Of a direct convolution's 2·N·H·W·C·O·9 operations, whatever the algorithm does: by the median, and at best. */
  readonly gflops: number;
  readonly bestGflops: number;
  /** The rate of a machine whose cores do nothing else, from the processor time; null on a GPU. */
  readonly gflopsByCpu: number | null;
}

/** The first layer, then one square layer a level. */
function shapesOf({ batch, side, width }: NetworkSizes): ConvolutionShape[] {
  const square = [0, 1, 2, 3, 4].map((level) => {
    const channels = width << level;
    return { batch, side: side >> level, channelsIn: channels, channelsOut: channels };
  });
  return [{ batch, side, channelsIn: 1, channelsOut: width }, ...square];
}

interface Case {
  readonly direction: ConvolutionRow['direction'];
  readonly variant: string;
  launch(): void;
}

function casesOf(device: Device, { batch, side, channelsIn, channelsOut }: ConvolutionShape): Case[] {
  const x = randomNormal(device, [batch, side, side, channelsIn], 1);
  const weight = randomNormal(device, [3, 3, channelsIn, channelsOut], 2);
  const y = randomNormal(device, [batch, side, side, channelsOut], 3);
  const dx = empty(device, x);
  const dw = empty(device, weight);
  const out = empty(device, y);
  const sides = { inHeight: side, inWidth: side, outHeight: side, outWidth: side };
  const typed = { dtype: 'f32' as const, batch };
  const plain = { ...typed, ...sides, kernelHeight: 3, kernelWidth: 3, stride: 1, up: 1, relu: false };
  const ahead = { dilation: 1, offsetY: -1, offsetX: -1, transposed: false };
  const back = { dilation: -1, offsetY: 1, offsetX: 1, transposed: true };
  const forward: Gather = { ...plain, ...ahead, k: channelsIn, m: channelsOut };
  const adjoint: Gather = { ...plain, ...back, k: channelsOut, m: channelsIn };
  const kernel = { kernelHeight: 3, kernelWidth: 3, stride: 1, dilation: 1, padding: 1 };
  const images = { smallHeight: side, smallWidth: side, largeHeight: side, largeWidth: side };
  const correlation: Correlation = { ...typed, ...images, ...kernel, a: channelsIn, b: channelsOut };
  return [
    {
      direction: 'forward',
      variant: chooseVariant(device, 'conv2d', gatherVariants, forward).name,
      launch: () => gather(device, 'conv2d', forward, { x, weight, bias: null, y: out }),
    },
    {
      direction: 'input gradient',
      variant: chooseVariant(device, 'conv2dInputGrad', gatherVariants, adjoint).name,
      launch: () => gather(device, 'conv2dInputGrad', adjoint, { x: y, weight, bias: null, y: dx }),
    },
    {
      direction: 'weight gradient',
      variant: chooseVariant(device, 'conv2dWeightGrad', correlationVariants, correlation).name,
      launch: () => correlate(device, 'conv2dWeightGrad', correlation, { large: x, small: y, dw }),
    },
  ];
}

/** The machine's speed changes by the second, so every shape has several turns. */
const PASSES = 3;
const ROUNDS = 5;

/** Times every shape of a configuration in the variants that this device prefers. */
export async function measureConvolutions(device: Device, config: ConfigName): Promise<ConvolutionRow[]> {
  const shapes = shapesOf(sizesOf(config, device.caps.software)[0]!);
  const timed = shapes.map((): Timed[] => []);
  for (let pass = 0; pass < PASSES; pass++)
    for (const [i, shape] of shapes.entries()) {
      using _tensors = scope();
      const cases = casesOf(device, shape);
      const launches = cases.map(({ launch }) => launch);
      const batches = await timeReplays(device, launches, ROUNDS);
      for (const [j, { direction, variant }] of cases.entries()) {
        timed[i]![j] ??= { direction, variant, batches: [] };
        timed[i]![j].batches.push(...batches[j]!);
      }
    }
  return shapes.flatMap((shape, i) => timed[i]!.map((one) => rowOf(device, config, shape, one)));
}

interface Timed extends Pick<Case, 'direction' | 'variant'> {
  readonly batches: Batch[];
}

function rowOf(device: Device, config: ConfigName, shape: ConvolutionShape, timed: Timed): ConvolutionRow {
  const { direction, variant, batches } = timed;
  const flop = 18 * shape.batch * shape.side ** 2 * shape.channelsIn * shape.channelsOut;
  const { medianMs, minMs, cpuMs } = summarize(device, batches);
  const gflopsByCpu = cpuMs === null ? null : (flop * cpus().length) / cpuMs / 1e6;
  const rates = { gflops: flop / medianMs / 1e6, bestGflops: flop / minMs / 1e6, gflopsByCpu };
  return { config, ...shape, direction, variant, ms: medianMs, ...rates };
}
