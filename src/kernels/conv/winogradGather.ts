/** @file Winograd's last launch, which brings the products at the points back to images or to the weight's gradient. */
import type { Device } from '../../tensor/device.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { launch, linearGrid } from '../launch/queue.ts';
import * as shaders from '../shaders.gen.ts';
import { specialization, unitOf } from './winogradPlanes.ts';
import {
  blocksOf,
  type Convolution,
  Placeholders,
  paramsOf,
  strideOf,
  type TileSize,
  tilesOf,
} from './winogradTiles.ts';

const gatherOf = { 2: shaders.winograd2Gather, 4: shaders.winograd4Gather } as const;

/** y from the products of x and weight. */
export function gatherOutput(
  device: Device,
  size: TileSize,
  c: Convolution,
  tensors: { readonly products: Tensor; readonly bias: Tensor | null; readonly y: Tensor },
  relu: boolean,
): void {
  const { products, bias, y } = tensors;
  const yJobs = (tilesOf(size, c).tiles * c.yChannels) / unitOf(device);
  const stride = strideOf(device, { yJobs });
  const flags = { yJobs, stride, hasBias: Number(bias !== null), relu: Number(relu) };
  const params = { ...paramsOf(device, size, c), ...flags };
  const bindings = { products, bias: bias ?? products, result: y };
  const grid = linearGrid(stride, device.caps.workgroup);
  const label = `winograd${size}.output`;
  launch(device, gatherOf[size], 'output', bindings, params, grid, specialization(device), label);
}

/** What the gradients asked for are made of, dx of products and dw of sums. */
interface Gradients {
  readonly products?: Tensor;
  readonly dx?: Tensor;
  readonly sums?: Tensor;
  readonly dw?: Tensor;
}

/** The gradients asked for, in one launch. */
export function gatherGradients(
  device: Device,
  size: TileSize,
  c: Convolution,
  { products, dx, sums, dw }: Gradients,
): void {
  using unused = new Placeholders(device);
  const unit = unitOf(device);
  const { blocksX, blocksY } = blocksOf(size, c);
  const jobs = {
    xJobs: dx ? (c.batch * blocksX * blocksY * c.xChannels) / unit : 0,
    pairJobs: dw ? (c.xChannels * c.yChannels) / unit : 0,
  };
  const any = (products ?? sums)!;
  const sources = { products: products ?? any, sums: sums ?? any };
  const bindings = { ...sources, result: unused.or(dx), weightGrad: unused.or(dw) };
  const stride = strideOf(device, jobs);
  const params = { ...paramsOf(device, size, c), ...jobs, stride };
  const grid = linearGrid(stride, device.caps.workgroup);
  const label = `winograd${size}.gradients`;
  launch(device, gatherOf[size], 'gradients', bindings, params, grid, specialization(device), label);
}
