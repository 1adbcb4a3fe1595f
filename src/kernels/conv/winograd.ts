/**
 * @file Winograd's 3×3 convolutions F(4×4, 3×3) and F(2×2, 3×3): transforms around a batch of matrix products.
 *
 * Largest error over largest value, against float64 with 16 to 256 channels and up to 16384 pixels: F(4×4) 1.4e-6
 * forward, 1.1e-6 for the input's gradient, 1.6e-6 for the weight's; F(2×2) 3.4e-7, 2.4e-7 and 1.1e-6; a direct sum's
 * are 2e-7 to 1.8e-6, 2e-7 to 1.8e-6 and 4e-7 to 1.0e-6. With the products in the form for GPUs: F(4×4) 7.8e-7, 1.1e-6
 * and 9.6e-7, F(2×2) 3.2e-7, 3.1e-7 and 3.9e-7. What is not finite reaches every result that it would reach in a direct
 * sum, as NaN where infinities of either sign meet in a transform, and other results of its tile besides. To do without:
 * device option `winograd: false`, or PLANEWISE_WINOGRAD=off.
 */
import type { Caps } from '../../tensor/device.ts';
import type { Correlation, CorrelationVariant } from './correlationLayout.ts';
import type { Gather, GatherVariant } from './gatherLayout.ts';
import { gatherGradients } from './winogradGather.ts';
import { gradsInParts } from './winogradGradParts.ts';
import { convolve, largestPart, spreadGrad, weightSums } from './winogradParts.ts';
import { inputProducts, Spread } from './winogradSpread.ts';
import { type Convolution, fitsMemory, type TileSize, tilesOf } from './winogradTiles.ts';

function ofGather(g: Gather): Convolution {
  const x = { xHeight: g.inHeight, xWidth: g.inWidth, xChannels: g.k };
  const y = { yHeight: g.outHeight, yWidth: g.outWidth, yChannels: g.m };
  if (!g.transposed) return { batch: g.batch, ...x, ...y, padding: -g.offsetY };
  return {
    batch: g.batch,
    xHeight: g.outHeight,
    xWidth: g.outWidth,
    xChannels: g.m,
    yHeight: g.inHeight,
    yWidth: g.inWidth,
    yChannels: g.k,
    padding: g.offsetY,
  };
}

export function ofCorrelation(c: Correlation): Convolution {
  return {
    batch: c.batch,
    xHeight: c.largeHeight,
    xWidth: c.largeWidth,
    xChannels: c.a,
    yHeight: c.smallHeight,
    yWidth: c.smallWidth,
    yChannels: c.b,
    padding: c.padding,
  };
}

function fits(caps: Caps, size: TileSize, c: Convolution, gradients: boolean): boolean {
  const quads = c.xChannels % 4 === 0 && c.yChannels % 4 === 0;
  return quads && fitsMemory(caps, size, largestPart(caps, size, c, gradients));
}

/** From where on the form is faster than the direct ones. */
interface Least {
  /** Channels on both sides. */
  readonly convolution: number;
  readonly inputGrad: number;
  readonly weightGrad: number;
  /** Tiles of 4×4 pixels; where there are fewer, they are of 2×2. */
  readonly tiles: number;
  /** Such tiles above which the input gradient needs twice the channels: what is transformed leaves the cache. */
  readonly crowd: number;
}

type Direction = 'convolution' | 'inputGrad' | 'weightGrad';

/**
 * By subgroup size. Effective GFLOP/s (direct FLOP over processor time on two busy cores) of the forward pass, input
 * gradient and weight gradient on SwiftShader (4), in brackets those of the best direct form; measured with F(4×4)
 * alone and with transforms that took twice as long as now:
 *
 * | pixels, channels, batch |                       |
 * | ----------------------- | --------------------- |
 * | 32², 16, 16             | 4, 5 [7, 6], 9 [4]    |
 * | 16², 32, 16             | 11, 11 [8, 8], 13 [4] |
 * | 8², 64, 16              | 15, 14 [9, 8], 13 [3] |
 * | 16², 128, 4             | 17, 14 [9, 8], 13 [3] |
 * | 4², 128, 16             | 14, 12 [5, 5], 9 [2]  |
 *
 * The input gradient pays from 16 channels too, where the weight's gradient has spread dy already: step S of the
 * benchmark 453 instead of 501 ms, and a second of compiling less, for the direct form is then not needed.
 * The forward pass alone is slower there, 7.6 [9.0] at 64², but not in step S, 386 instead of 402 ms at best, and without
 * its direct form the first step comes half a second earlier.
 *
 * On lavapipe (8; by the clock, batch 4, F(2×2) in parentheses): 32 channels at 32² 68, 61 [64, 60], 65 [53], and with
 * dy spread once for both gradients step S takes 85 instead of 88 ms; 64 at 16² 94, 92 [67, 65] (64, 61), 75 [47] (61);
 * 128 at 8², which is 16 tiles, 79, 73 [70, 58] (77, 69), 48 [35] (55), and half the memory with the smaller tiles. Of
 * 2 images of 128², 32 channels, the input gradient alone is at 54 [70]; step M takes as long either way.
 *
 * Without subgroups (0; batch 4, the same two adapters told that they have none) it pays everywhere: 16 channels at 64²
 * 4, 5, 7 [1, 2, 4] and 13, 18, 24 [7, 11, 18]; 64 at 16² 8, 9, 10 [3, 3, 3] and 36, 36, 36 [13, 13, 16].
 */
const LEAST: Readonly<Record<number, Least>> = {
  0: { convolution: 16, inputGrad: 16, weightGrad: 16, tiles: 16, crowd: Infinity },
  4: { convolution: 16, inputGrad: 16, weightGrad: 16, tiles: 16, crowd: Infinity },
  8: { convolution: 64, inputGrad: 32, weightGrad: 32, tiles: 17, crowd: 1024 },
};

/**
 * Channels (the harmonic mean of both sides) from which on the form is the faster on a GPU, by arithmetic and the
 * compilers' code, not measured. Transforms move 26 bytes a pixel and channel beside the 8 of a direct form, products of
 * few channels 18 more; three quarters of the multiply-adds go. A GPU with stacked memory does 20 operations in the time
 * of a byte, others 30 to 80, of which what stays in the cache gives half back.
 */
const LEAST_ON_GPU = { stacked: 64, others: 128 };

/** Pixels times channels in times channels out, below which the launches that it takes more are as long as what is saved. */
const LEAST_WORK = 1 << 25;

function paysOnGpu(size: TileSize, c: Convolution, { stackedMemory }: Caps): boolean {
  const mean = (2 * c.xChannels * c.yChannels) / (c.xChannels + c.yChannels);
  const work = c.batch * c.yHeight * c.yWidth * c.xChannels * c.yChannels;
  const least = stackedMemory ? LEAST_ON_GPU.stacked : LEAST_ON_GPU.others;
  return size === 4 && c.yWidth > 2 && mean >= least && work >= LEAST_WORK;
}

/** Whether there is enough work to pay for the transforms, and to fill the blocks of the products. */
function pays(size: TileSize, c: Convolution, caps: Caps, direction: Direction): boolean {
  if (!caps.software) return paysOnGpu(size, c, caps);
  const least = LEAST[caps.subgroupSize];
  if (!least) return false;
  const channels = Math.min(c.xChannels, c.yChannels);
  const { tiles } = tilesOf(4, c);
  const wanted = least[direction] * (direction === 'inputGrad' && tiles > least.crowd ? 2 : 1);
  const enough = channels >= wanted && tilesOf(size, c).tiles * channels >= 512;
  return enough && size === (tiles < least.tiles ? 2 : 4) && c.yWidth > 2;
}

const names: Readonly<Record<TileSize, string>> = { 2: 'winograd2', 4: 'winograd' };

/** Of the variant of this name, if it is one of these. */
export function tileSizeOf(name: string): TileSize | undefined {
  return ([2, 4] as const).find((size) => names[size] === name);
}

/** The convolution, or transposed the gradient of its input: its adjoint. */
function gatherVariant(size: TileSize): GatherVariant {
  return {
    name: names[size],
    transforms: true,
    fits(caps, g) {
      const c = ofGather(g);
      const plain = g.kernelHeight === 3 && g.kernelWidth === 3 && g.stride === 1 && g.up === 1;
      const unit = g.dilation === (g.transposed ? -1 : 1);
      // The adjoint's last launch adds no bias.
      if (!plain || !unit || (g.transposed && (g.relu || g.biased))) return false;
      return fits(caps, size, c, g.transposed);
    },
    preferred: (caps, g) => pays(size, ofGather(g), caps, g.transposed ? 'inputGrad' : 'convolution'),
    launch(device, g, tensors, label) {
      const c = ofGather(g);
      if (!g.transposed) {
        convolve(device, size, c, tensors, g.relu, label);
        return;
      }
      const { x: grad, weight, y: dx } = tensors;
      if (!device.caps.software) {
        gradsInParts(device, size, c, { grad, weight }, { dx, dxLabel: label });
        return;
      }
      using spread = new Spread(device, size, c, { grad, weight });
      using products = inputProducts(device, size, c, spread, label);
      gatherGradients(device, size, c, { products, dx });
    },
  };
}

/** The gradient of the weight: the tiles of both images are the depth of the products. */
function correlationVariant(size: TileSize): CorrelationVariant {
  return {
    name: names[size],
    transforms: true,
    sumsOf: (_, image) => (image === 'small' ? 1 : 0),
    fits(caps, c) {
      const plain = c.kernelHeight === 3 && c.kernelWidth === 3 && c.stride === 1 && c.dilation === 1;
      return plain && fits(caps, size, ofCorrelation(c), true);
    },
    preferred: (caps, c) => pays(size, ofCorrelation(c), caps, 'weightGrad'),
    work: () => 1,
    wanted: () => 1,
    launch(device, correlation, { large: x, small: grad, partial: dw, bias }, _splits, label) {
      const c = ofCorrelation(correlation);
      if (!device.caps.software) {
        gradsInParts(device, size, c, { x, grad }, { dw, db: bias?.db, dwLabel: label });
        return;
      }
      using spread = spreadGrad(device, size, c, { x, grad, db: bias?.db });
      using sums = weightSums(device, size, c, { x, spread }, label);
      gatherGradients(device, size, c, { sums, dw });
    },
  };
}

export const winogradGathers: readonly GatherVariant[] = [gatherVariant(4), gatherVariant(2)];
export const winogradCorrelations: readonly CorrelationVariant[] = [
  correlationVariant(4),
  correlationVariant(2),
];
