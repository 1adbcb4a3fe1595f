/**
 * @file Sums of a gather in strips, for GPUs: where there are fewer tiles than a device computes at once, several
 * workgroups share the sum of one, and their strips are added in order: the same bits every run.
 */
import { gcd } from '../../base/divisor.ts';
import { empty } from '../../tensor/create.ts';
import type { Device } from '../../tensor/device.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { launch, linearGrid } from '../launch/queue.ts';
import * as shaders from '../shaders.gen.ts';
import { cutting, type Gather, type GatherTensors } from './gatherLayout.ts';

/** Input channels of a round. */
const DEPTH = 16;

/**
 * Workgroups to aim at, on any GPU: WebGPU does not tell how many one holds. Two for each of the 132 multiprocessors of
 * the largest; a smaller one has them in turn, and loses the adding of strips that it would not have needed.
 */
export const BUSY = 264;

/** Rounds from which on a cut saves more than the launch that adds the strips takes. */
const DEEP = 8;

/** Rounds of a strip, at least: a workgroup finds its pixels and stores its tile however few they are. */
const LEAST_STRIP = 2;

/** Taps that meet a pixel of the output: those of the residue class that has most. */
function mostTaps({ kernelHeight, kernelWidth, up, dilation }: Gather): number {
  const every = up / gcd(up, Math.abs(dilation));
  return Math.ceil(kernelHeight / every) * Math.ceil(kernelWidth / every);
}

export interface Strips {
  readonly strips: number;
  /** Depths of each: taps times input channels, these in whole rounds. */
  readonly chunk: number;
}

/** Strips of the sum, where there are so many tiles. */
export function stripsOf(g: Gather, tiles: number): Strips {
  const rounds = mostTaps(g) * Math.ceil(g.k / DEPTH);
  const most = rounds < DEEP ? 1 : Math.floor(rounds / LEAST_STRIP);
  const wanted = Math.max(1, Math.min(Math.round(BUSY / tiles), most));
  const each = Math.ceil(rounds / wanted);
  return { strips: Math.max(1, Math.ceil(rounds / each)), chunk: each * DEPTH };
}

/** Has `action` write strips of the sum, dense, [strips, …y], f32; adds them, the bias after them, into y. */
export function inStrips(
  device: Device,
  g: Gather,
  { bias, y, cut }: GatherTensors,
  strips: number,
  label: string,
  action: (partial: Tensor) => void,
): void {
  using partial = empty(device, { shape: [strips, ...y.shape], dtype: 'f32' }, `${label} strips`);
  action(partial);
  const [pitch, start] = [g.output?.pitch ?? g.m, g.output?.start ?? 0];
  const params = {
    count: y.size / 4,
    strips,
    groups: g.m / 4,
    hasBias: Number(bias !== null),
    relu: Number(g.relu),
    yPitch: pitch / 4,
    yStart: start / 4,
  };
  const { workgroup } = device.caps;
  const tensors = { strips: partial, bias: bias ?? partial, y, cut: cut ?? partial };
  const overrides = { WORKGROUP: workgroup, ...cutting(cut) };
  const specialization = { overrides, aliases: { E4: `vec4<${g.dtype}>` } };
  const grid = linearGrid(params.count, workgroup);
  launch(device, shaders.conv2dStrips, 'main', tensors, params, grid, specialization, `${label}.strips`);
}
