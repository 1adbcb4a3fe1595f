/** @file Winograd's gradients on GPUs: a part of the batch at a time, so that what is transformed may stay in the cache. */
import { empty } from '../../tensor/create.ts';
import type { Device } from '../../tensor/device.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { accumulateInto } from '../binary.ts';
import { gatherGradients } from './winogradGather.ts';
import { gpuParts, imagesOf, type Part } from './winogradParts.ts';
import { inputProducts, Spread, weightProducts } from './winogradSpread.ts';
import type { Convolution, TileSize } from './winogradTiles.ts';

export interface GradSources {
  /** For the weight's gradient. */
  readonly x?: Tensor;
  /** Gradient of the output. */
  readonly grad: Tensor;
  /** The output, where the convolution ended in a ReLU. */
  readonly y?: Tensor | null;
  /** For the input's gradient. */
  readonly weight?: Tensor;
}

/** Gradients that are wanted, of input, weight and bias, and what the products of the first two are called. */
export interface GradResults {
  readonly dx?: Tensor;
  readonly dw?: Tensor;
  readonly db?: Tensor | undefined;
  readonly dxLabel?: string;
  readonly dwLabel?: string;
}

/** Sums over the parts, in their order. */
class Total implements Disposable {
  #sum: Tensor | undefined;

  add(part: Tensor): void {
    if (!this.#sum) {
      this.#sum = part;
      return;
    }
    accumulateInto(this.#sum, part);
    part.dispose();
  }

  get sum(): Tensor {
    return this.#sum!;
  }

  [Symbol.dispose](): void {
    this.#sum?.dispose();
  }
}

/** Transforms of a part; the weight's is the same for all. */
function spreadPart(
  device: Device,
  size: TileSize,
  part: Part,
  { x, grad, y, weight }: GradSources,
  db: Tensor | undefined,
): Spread {
  using images = x && imagesOf(x, part);
  using grads = imagesOf(grad, part);
  using outputs = y ? imagesOf(y, part) : undefined;
  const sources = { grad: grads, db, ...(images && { x: images }), ...(weight && { weight }) };
  return new Spread(device, size, part.c, { ...sources, y: outputs ?? null });
}

/** Writes the gradients that are wanted. */
export function gradsInParts(
  device: Device,
  size: TileSize,
  c: Convolution,
  sources: GradSources,
  { dx, dw, db, dxLabel = '', dwLabel = '' }: GradResults,
): void {
  const { weight, ...images } = sources;
  using sums = new Total();
  using biases = new Total();
  let spreadWeight: Tensor | undefined;
  for (const part of gpuParts(device.caps, size, c)) {
    const bias = db && (part.first === 0 ? db.view() : empty(device, db, 'part of the bias’s gradient'));
    const from = spreadWeight || !weight ? images : { ...images, weight };
    using spread = spreadPart(device, size, part, from, bias);
    if (bias) biases.add(bias);
    if (dw) sums.add(weightProducts(device, size, part.c, spread, dwLabel));
    if (!dx) continue;
    spreadWeight ??= spread.weight.view();
    using products = inputProducts(
      device,
      size,
      part.c,
      { grad: spread.grad, weight: spreadWeight },
      dxLabel,
    );
    using results = imagesOf(dx, part);
    gatherGradients(device, size, part.c, { products, dx: results });
  }
  if (dw) gatherGradients(device, size, c, { sums: sums.sum, dw });
  spreadWeight?.dispose();
}
