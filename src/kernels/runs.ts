/** @file Copies of runs of rows, of any dtype: what concat, slice and pad are made of, and what runs of channels come to. */

import { ShapeError } from '../base/errors.ts';
import { empty } from '../tensor/create.ts';
import type { Device } from '../tensor/device.ts';
import type { ChannelRun, Tensor } from '../tensor/tensor.ts';
import { launch, linearGrid } from './launch/queue.ts';
import * as shaders from './shaders.gen.ts';

/** A run within rows, in elements. */
interface Rows {
  readonly rows: number;
  readonly run: number;
  readonly xRow: number;
  readonly xStart: number;
  readonly yRow: number;
  readonly yStart: number;
}

/** Whether float16 values move two at a time, as every device can. */
const inPairs = (lengths: readonly number[]) => lengths.every((length) => length % 2 === 0);

/** Throws where float16 values would have to be moved one by one, which only devices that compute with them can. */
export function expectMovable(op: string, x: Tensor, lengths: readonly number[]): void {
  if (x.dtype !== 'f16' || x.device.caps.f16 || inPairs(lengths)) return;
  const problem = 'is f16 in runs of odd length, which this device cannot move';
  throw new ShapeError(op, 'x', problem, "Use cast(x, 'f32').");
}

/** The widest type that a copy can move at once, and how many elements it holds. */
function unitOf(x: Tensor, lengths: readonly number[], op: string): { T: string; elements: number } {
  const each = x.dtype === 'f16' ? 2 : 1;
  const divide = (elements: number) => lengths.every((length) => length % elements === 0);
  if (divide(4 * each)) return { T: 'vec4<u32>', elements: 4 * each };
  if (divide(each)) return { T: 'u32', elements: each };
  expectMovable(op, x, lengths);
  return { T: 'f16', elements: 1 };
}

/** Copies a run of every row of x to a run of every row of y; `padded` writes zeros around it. `label` is the op. */
export function copyRows(
  device: Device,
  entry: 'runs' | 'padded',
  x: Tensor,
  y: Tensor,
  runs: Rows,
  label: string,
): void {
  const { rows, ...lengths } = runs;
  const { T, elements } = unitOf(x, Object.values(lengths), label);
  const { run, xRow, xStart, yRow, yStart } = runs;
  const count = (rows * (entry === 'runs' ? run : yRow)) / elements;
  if (count === 0) return;
  const invocations = Math.ceil(count / (device.caps.software ? 16 : 1));
  const [a, b, c, d, e] = [run, xRow, xStart, yRow, yStart].map((length) => length / elements);
  const params = { count, invocations, run: a!, xRow: b!, xStart: c!, yRow: d!, yStart: e! };
  const { workgroup } = device.caps;
  const specialization = { overrides: { WORKGROUP: workgroup }, aliases: { T } };
  launch(
    device,
    shaders.copy,
    entry,
    { x, y },
    params,
    linearGrid(invocations, workgroup),
    specialization,
    label,
  );
}

/** Copies x to y, of one shape, where either may be a run of channels. */
export function copyInto(x: Tensor, y: Tensor): void {
  const run = x.shape.at(-1)!;
  const from = { xRow: x.run?.pitch ?? run, xStart: x.run?.start ?? 0 };
  const to = { yRow: y.run?.pitch ?? run, yStart: y.run?.start ?? 0 };
  copyRows(x.device, 'runs', x, y, { rows: x.size / run, run, ...from, ...to }, 'copy');
}

/** The tensor itself, or a copy of a run of channels, which the caller disposes. */
export function denseOf(x: Tensor): Tensor {
  if (!x.run) return x;
  const y = empty(x.device, x, 'dense');
  copyInto(x, y);
  return y;
}

/** Whether groups of four channels of every pixel begin at multiples of four elements. */
export function inQuads(channels: number, run?: ChannelRun): boolean {
  return [channels, run?.pitch ?? 0, run?.start ?? 0].every((elements) => elements % 4 === 0);
}

/** How kernels that move four channels at once, or one where the channels are no multiple of four, find pixels. */
export interface Units {
  /** From one pixel to the next. */
  readonly pitch: number;
  /** Before the first of a pixel's channels. */
  readonly start: number;
}

/** The units of x; undefined where its channels lie across units. */
function unitsOf({ shape, run }: Tensor): Units | undefined {
  const channels = shape.at(-1)!;
  const each = channels % 4 === 0 ? 4 : 1;
  if (each === 4 && !inQuads(channels, run)) return undefined;
  const { pitch, start } = run ?? { pitch: channels, start: 0 };
  return { pitch: pitch / each, start: start / each };
}

/** Has `action` write y in units, through a copy where y lies across them. */
export function throughUnits(y: Tensor, action: (to: Tensor, units: Units) => void): void {
  const units = unitsOf(y);
  if (units) {
    action(y, units);
    return;
  }
  using to = empty(y.device, y, 'dense');
  action(to, unitsOf(to)!);
  copyInto(to, y);
}

/** Has `action` read x in units, from a copy where x lies across them. */
export function fromUnits(x: Tensor, action: (from: Tensor, units: Units) => void): void {
  const units = unitsOf(x);
  if (units) {
    action(x, units);
    return;
  }
  using from = denseOf(x);
  action(from, unitsOf(from)!);
}
