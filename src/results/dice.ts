/** @file Dice of a class in one image. */
import { UNKNOWN } from '../data/types.ts';

/** 2·|P ∩ T| / (|P| + |T|) of a class in an image, over what is known; null where neither has it. */
export function sliceDice(predicted: Uint8Array, truth: Uint8Array, label: number): number | null {
  let [both, sum] = [0, 0];
  for (let i = 0; i < truth.length; i++) {
    if (truth[i] === UNKNOWN) continue;
    const [p, t] = [Number(predicted[i] === label), Number(truth[i] === label)];
    both += p & t;
    sum += p + t;
  }
  return sum > 0 ? (2 * both) / sum : null;
}
