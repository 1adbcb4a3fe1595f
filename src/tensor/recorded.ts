/** @file What a step that is being recorded makes of gradients: that is the step's, not the tensors'. */
import type { Tensor } from './tensor.ts';

const madeInside = new WeakMap<object, Map<Tensor, Tensor | undefined>>();

/** What a step being recorded has made of gradients so far: theirs, or undefined where it forgot them. */
export function gradientsMadeIn(step: object): Map<Tensor, Tensor | undefined> {
  const made = madeInside.get(step) ?? new Map<Tensor, Tensor | undefined>();
  madeInside.set(step, made);
  return made;
}
