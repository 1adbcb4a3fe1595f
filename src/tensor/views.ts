/** @file Who is told of the views that methods of a tensor make. */
import type { Tensor } from './tensor.ts';

/** Told of the views that are made by methods: the tape follows them. */
interface Viewers {
  reshaped(x: Tensor, view: Tensor): void;
  cut(x: Tensor, view: Tensor, start: number, end: number): void;
}

let current: Viewers = { reshaped() {}, cut() {} };

/** Who is told. */
export const viewers = (): Viewers => current;

/** Has `told` hear of every view made by a method from now on. */
export function watchViews(told: Viewers): void {
  current = told;
}
