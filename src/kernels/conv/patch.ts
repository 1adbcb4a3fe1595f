/** @file Convolutions whose stride is their kernel's side, for software adapters: patches that meet, and one product. */
import { empty } from '../../tensor/create.ts';
import type { Caps, Device } from '../../tensor/device.ts';
import type { ChannelRun, Tensor } from '../../tensor/tensor.ts';
import { launch, linearGrid } from '../launch/queue.ts';
import { hasQuads, softwareLanes } from '../launch/variant.ts';
import { denseOf, inQuads } from '../runs.ts';
import * as shaders from '../shaders.gen.ts';
import type { Correlation, CorrelationVariant } from './correlationLayout.ts';
import type { Gather, GatherTensors, GatherVariant } from './gatherLayout.ts';
import { multiplyInto } from './winogradProduct.ts';

/** An image cut into patches: `patches` of the batch, `width` in a row, `side`² pixels each. */
interface Cut {
  readonly patches: number;
  readonly width: number;
  readonly side: number;
  readonly channels: number;
}

const size = ({ patches, side, channels }: Cut) => patches * side * side * channels;

/** What the shader needs to know, and how many invocations it takes. */
function planOf(device: Device, cut: Cut, run: ChannelRun | undefined) {
  const { pitch, start } = run ?? { pitch: cut.channels, start: 0 };
  const layout = { channels: cut.channels / 4, pitch: pitch / 4, start: start / 4 };
  const params = { ...cut, ...layout, hasBias: 0, relu: 0 };
  const { workgroup } = device.caps;
  const specialization = { overrides: { WORKGROUP: workgroup } };
  return { params, grid: linearGrid(size(cut) / 4, workgroup), specialization };
}

/** The image as [patches, side², channels]. */
function cutImage(device: Device, image: Tensor, cut: Cut): Tensor {
  const patches = empty(device, { shape: [size(cut)], dtype: 'f32' }, 'patches');
  const { params, grid, specialization } = planOf(device, cut, image.run);
  launch(device, shaders.conv2dPatch, 'cut', { image, patches }, params, grid, specialization);
  return patches;
}

/** The image y from its patches, with the bias and ReLU. */
function joinImage(device: Device, products: Tensor, cut: Cut, g: Gather, tensors: GatherTensors): void {
  const { params, grid, specialization } = planOf(device, cut, tensors.y.run);
  const flags = { hasBias: Number(tensors.bias !== null), relu: Number(g.relu) };
  const bindings = { products, bias: tensors.bias ?? tensors.weight, result: tensors.y };
  launch(device, shaders.conv2dPatch, 'join', bindings, { ...params, ...flags }, grid, specialization);
}

function isSquare(g: { kernelHeight: number; kernelWidth: number }, side: number): boolean {
  return side > 1 && g.kernelHeight === side && g.kernelWidth === side;
}

/** Transposed: every input pixel becomes a patch of the output. */
function fitsJoin(g: Gather): boolean {
  const plain = isSquare(g, g.up) && g.transposed && g.stride === 1 && g.dilation === -1;
  const whole = g.outHeight === g.inHeight * g.up && g.outWidth === g.inWidth * g.up;
  return plain && whole && g.offsetY === 0 && g.offsetX === 0;
}

/** Forward: every patch of the input becomes an output pixel. */
function fitsCut(g: Gather): boolean {
  const plain = isSquare(g, g.stride) && !g.transposed && g.up === 1 && g.dilation === 1;
  const whole = g.inHeight === g.outHeight * g.stride && g.inWidth === g.outWidth * g.stride;
  return plain && whole && g.offsetY === 0 && g.offsetX === 0;
}

/** Measured on SwiftShader: from 16 channels on it is faster than the direct forms. */
function pays(caps: Caps, channels: number): boolean {
  return softwareLanes(caps) === 4 && channels >= 16;
}

function launchJoin(device: Device, g: Gather, tensors: GatherTensors, label: string): void {
  const { k, m, up: side, inWidth: width } = g;
  const patches = g.batch * g.inHeight * g.inWidth;
  const columns = side * side * m;
  using c = empty(device, { shape: [patches, columns], dtype: 'f32' }, 'patches');
  const shape = { points: 1, rows: patches, depth: k, columns, turnedA: false, turnedB: true };
  multiplyInto(device, { a: tensors.x, b: tensors.weight, c }, shape, label);
  joinImage(device, c, { patches, width, side, channels: m }, g, tensors);
}

function cutOf({ batch, k, stride: side, outHeight, outWidth: width }: Gather): Cut {
  return { patches: batch * outHeight * width, width, side, channels: k };
}

function launchCut(device: Device, g: Gather, tensors: GatherTensors, label: string): void {
  const { k, m, stride: side } = g;
  const { patches, width } = cutOf(g);
  using a = cutImage(device, tensors.x, cutOf(g));
  const shape = { points: 1, rows: patches, depth: side * side * k, columns: m };
  const product = { ...shape, turnedA: false, turnedB: false };
  if (!tensors.bias && !g.relu && !g.output) {
    multiplyInto(device, { a, b: tensors.weight, c: tensors.y }, product, label);
    return;
  }
  using c = empty(device, { shape: [patches, m], dtype: 'f32' }, 'products');
  multiplyInto(device, { a, b: tensors.weight, c }, product, label);
  joinImage(device, c, { patches, width, side: 1, channels: m }, g, tensors);
}

export const patchGather: GatherVariant = {
  name: 'patch',
  runs: true,
  fits(caps, g) {
    const whole = inQuads(g.k, g.input) && inQuads(g.m, g.output);
    // The product reads and writes whole images.
    return hasQuads(caps) && whole && (fitsJoin(g) ? !g.input : fitsCut(g));
  },
  preferred: (caps, g) => pays(caps, Math.min(g.k, g.m)),
  launch: (device, g, tensors, label) =>
    fitsJoin(g) ? launchJoin(device, g, tensors, label) : launchCut(device, g, tensors, label),
};

/** The gradient of the weight: the patches of the large image times the pixels of the small one. */
export const patchCorrelation: CorrelationVariant = {
  name: 'patch',
  runs: true,
  fits(caps, c) {
    const plain = isSquare(c, c.stride) && c.dilation === 1 && c.padding === 0;
    const whole = c.largeHeight === c.smallHeight * c.stride && c.largeWidth === c.smallWidth * c.stride;
    const blocks = inQuads(c.a, c.run) && c.b % 4 === 0 && (c.batch * c.smallHeight * c.smallWidth) % 4 === 0;
    return hasQuads(caps) && plain && whole && blocks;
  },
  preferred: (caps, c) => pays(caps, Math.min(c.a, c.b)),
  work: () => 1,
  wanted: () => 1,
  launch(device, c, { large, small, partial }, _splits, label) {
    const patches = c.batch * c.smallHeight * c.smallWidth;
    using a = cutImage(device, large, { patches, width: c.smallWidth, side: c.stride, channels: c.a });
    multiplyPatches(device, c, { a, b: small, c: partial }, label);
  },
};

/** The patches of the large image, turned, times the pixels of the small one. */
function multiplyPatches(
  device: Device,
  c: Correlation,
  tensors: { readonly a: Tensor; readonly b: Tensor; readonly c: Tensor },
  label: string,
): void {
  const depth = c.batch * c.smallHeight * c.smallWidth;
  const shape = { points: 1, rows: c.stride * c.stride * c.a, depth, columns: c.b };
  multiplyInto(device, tensors, { ...shape, turnedA: true, turnedB: false }, label);
}

interface TransposedGrads {
  readonly x: Tensor;
  readonly dy: Tensor;
  readonly weight: Tensor;
  readonly dx: Tensor;
  readonly dw: Tensor;
}

/** Both gradients of a transposed convolution from patches cut once, if both are to be computed by this form. */
export function patchGrads(
  { variant: inputVariant, g }: { readonly variant: GatherVariant; readonly g: Gather },
  { variant, c }: { readonly variant: CorrelationVariant; readonly c: Correlation },
): ((device: Device, tensors: TransposedGrads) => void) | undefined {
  if (inputVariant.name !== 'patch' || variant.name !== 'patch' || g.output) return undefined;
  return (device, { x, dy, weight, dx, dw }) => {
    using a = cutImage(device, dy, cutOf(g));
    const shape = { points: 1, rows: cutOf(g).patches, depth: g.stride * g.stride * g.k, columns: g.m };
    const product = { ...shape, turnedA: false, turnedB: false };
    multiplyInto(device, { a, b: weight, c: dx }, product, 'conv2dTransposeInputGrad[patch]');
    const b = denseOf(x);
    multiplyPatches(device, c, { a, b, c: dw }, 'conv2dWeightGrad[patch]');
    if (b !== x) b.dispose();
  };
}
