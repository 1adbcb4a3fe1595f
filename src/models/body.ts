/** @file The backbone of a network: from an image to features, which heads read. */
import { ShapeError } from '../base/errors.ts';
import { formatShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { LayerMode } from './layer.ts';

/** Where heads may read: `pixels` are features at the image's full size, `centre` the deepest ones. */
export type Tap = 'pixels' | 'centre';

/** How a network with heads runs. */
export interface BodyMode extends LayerMode {
  /** Whether backward computes what is inside the blocks again, rather than have it kept (`ops.recompute`); default no. */
  readonly recompute?: boolean;
  /** Whether it is a further training forward of one step, which is undone with the first; default no. */
  readonly again?: boolean;
}

/** Features by tap, of those asked for. */
export type Features<T> = Readonly<Partial<Record<Tap, T>>>;

/** A backbone whose parameters are declared. */
export interface Body {
  /** Channels of each tap that was asked for. */
  readonly channels: Features<number>;
  /** @throws ShapeError for images that do not fit */
  check(x: Tensor): void;
  /** Images [N, H, W, channels] to the features. */
  forward(x: Tensor, mode: BodyMode): Features<Tensor>;
  /** Of a body whose pixel features are smaller than the image: brings what a head makes of them to the image's size. */
  enlarge?(output: Tensor, image: Tensor): Tensor;
  /** Declares what is never called, behind all heads, so that what is used is one run of the arena. */
  declareUnused?(): void;
}

/** @throws ShapeError unless x is [N, H, W, channels], H and W multiples of `step` from `least` */
export function expectImages(
  call: string,
  { shape }: Tensor,
  channels: number,
  step: number,
  least = step,
): void {
  const [, height = 0, width = 0, found] = shape;
  const fits = (side: number): boolean => side % step === 0 && side >= least;
  if (shape.length === 4 && found === channels && fits(height) && fits(width)) return;
  const sides = step === 1 ? `from ${least}` : `multiples of ${step}${least > step ? ` from ${least}` : ''}`;
  throw new ShapeError(
    call,
    'x',
    `has shape ${formatShape(shape)}`,
    `[N, H, W, ${channels}] is needed, with H and W ${sides}; crop or pad the image.`,
  );
}
