/** @file Gradients that the launch which makes them has cut by the ReLU that they go to: that need not cut them again. */
import type { Storage } from '../../tensor/storage.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** By which tensor's values a gradient is cut. */
const cuts = new WeakMap<Tensor, { readonly storage: Storage; readonly offset: number }>();

/** Notes that a gradient is 0 wherever `output`, of a ReLU, is. */
export function noteCut(gradient: Tensor, { storage, offset }: Tensor): void {
  cuts.set(gradient, { storage, offset });
}

/** Whether the gradient is noted to be cut by this output. */
export function isCut(gradient: Tensor, { storage, offset }: Tensor): boolean {
  const by = cuts.get(gradient);
  return by?.storage === storage && by.offset === offset;
}
