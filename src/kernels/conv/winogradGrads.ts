/** @file All gradients of a convolution by Winograd's form at once: the gradient of its output is spread once for both. */
import type { Device } from '../../tensor/device.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { denseOf } from '../runs.ts';
import type { Correlation, CorrelationVariant } from './correlationLayout.ts';
import type { Gather, GatherVariant } from './gatherLayout.ts';
import { ofCorrelation, tileSizeOf } from './winograd.ts';
import { gatherGradients } from './winogradGather.ts';
import { gradsInParts } from './winogradGradParts.ts';
import { largerImages, spreadGrad, weightSums } from './winogradParts.ts';
import { inputProducts } from './winogradSpread.ts';
import type { Convolution, TileSize } from './winogradTiles.ts';

interface Sources {
  readonly x: Tensor;
  readonly dy: Tensor;
  readonly weight: Tensor;
  /** Where the convolution ended in a ReLU. */
  readonly y: Tensor | null;
}

interface Results {
  readonly dx: Tensor;
  readonly dw: Tensor;
  readonly db: Tensor | undefined;
}

/** Computes the gradients together, if both are to be computed by this form with the same tiles. */
export function winogradGrads(
  { variant: inputVariant }: { readonly variant: GatherVariant; readonly g: Gather },
  { variant, c }: { readonly variant: CorrelationVariant; readonly c: Correlation },
): ((device: Device, sources: Sources, results: Results) => void) | undefined {
  const size = tileSizeOf(variant.name);
  if (size === undefined || inputVariant.name !== variant.name) return undefined;
  const form = { size, name: variant.name };
  return (device, sources, results) => launchDense(device, form, ofCorrelation(c), sources, results);
}

interface Form {
  readonly size: TileSize;
  /** Of the variant. */
  readonly name: string;
}

/** Copies what is a run of channels. */
function launchDense(device: Device, form: Form, c: Convolution, sources: Sources, results: Results): void {
  const { x, dy, weight, y } = sources;
  const dense = { x: denseOf(x), dy: denseOf(dy), weight, y: y && denseOf(y) };
  const launch = device.caps.software ? launchGrads : launchParts;
  launch(device, form, c, dense, results);
  if (dense.x !== x) dense.x.dispose();
  if (dense.dy !== dy) dense.dy.dispose();
  if (dense.y !== y) dense.y?.dispose();
}

function launchParts(
  device: Device,
  { size, name }: Form,
  c: Convolution,
  { x, dy: grad, weight, y }: Sources,
  results: Results,
): void {
  const labels = { dxLabel: `conv2dInputGrad[${name}]`, dwLabel: `conv2dWeightGrad[${name}]` };
  gradsInParts(device, size, c, { x, grad, y, weight }, { ...results, ...labels });
}

/** On software adapters, where the gradient of y is spread once, and what it is spread to is no longer than a cache. */
function launchGrads(
  device: Device,
  { size, name }: Form,
  c: Convolution,
  { x, dy: grad, weight, y }: Sources,
  { dx, dw, db }: Results,
): void {
  using spread = spreadGrad(device, size, c, { x, grad, y, weight, db });
  const dwSums = () => weightSums(device, size, c, { x, spread }, `conv2dWeightGrad[${name}]`);
  const dxProducts = () => inputProducts(device, size, c, spread, `conv2dInputGrad[${name}]`);
  // The first lets go of what it has read: the spread of x, as large as dx's products, or the weight's, as dw's sums.
  const early = largerImages(size, c) ? dwSums() : undefined;
  using products = dxProducts();
  using sums = early ?? dwSums();
  gatherGradients(device, size, c, { products, dx, sums, dw });
}
