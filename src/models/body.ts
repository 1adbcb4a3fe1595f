/** @file The backbone of a network: from an image to features, which heads read. */
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
  /** Declares what is never called, behind all heads, so that what is used is one run of the arena. */
  declareUnused?(): void;
}
