/** @file Where a tensor keeps its gradient: whose that is, and in a step being recorded the step's own. */
import { ShapeError } from '../base/errors.ts';
import { gradientsMadeIn } from './recorded.ts';
import { letGo } from './scope.ts';
import { formatShape, sameShape } from './shape.ts';
import type { Tensor } from './tensor.ts';

/** A gradient, and whether its tensor frees it: what backward has made for it, not what was assigned or lies in an arena. */
export interface Kept {
  readonly gradient: Tensor | undefined;
  readonly owned: boolean;
}

const NONE: Kept = { gradient: undefined, owned: false };

/** Throws ShapeError unless the tensor may have this gradient. */
function expectFits({ shape, dtype, device }: Tensor, gradient: Tensor): void {
  const needed = `${dtype} ${formatShape(shape)}, as the tensor, is needed.`;
  if (gradient.device !== device)
    throw new ShapeError('grad', 'gradient', 'is on another device than the tensor', needed);
  if (sameShape(gradient.shape, shape) && gradient.dtype === dtype) return;
  throw new ShapeError('grad', 'gradient', `is ${gradient.dtype} ${formatShape(gradient.shape)}`, needed);
}

/** The gradient of one tensor. What a step being recorded makes of it is the step's: afterwards it is what it was before. */
export class HeldGradient {
  readonly #tensor: Tensor;
  #kept = NONE;

  constructor(tensor: Tensor) {
    this.#tensor = tensor;
  }

  /** What the step being recorded, if one is, has made of gradients. */
  get #madeNow(): Map<Tensor, Tensor | undefined> | undefined {
    const { recording } = this.#tensor.device;
    return recording && gradientsMadeIn(recording);
  }

  get value(): Tensor | undefined {
    const made = this.#madeNow;
    return made?.has(this.#tensor) ? made.get(this.#tensor) : this.#kept.gradient;
  }

  /** What backward adds to: in a step being recorded not one left over from before, or each run would. */
  get soFar(): Tensor | undefined {
    const made = this.#madeNow;
    const gradient = made ? made.get(this.#tensor) : this.#kept.gradient;
    return gradient?.disposed ? undefined : gradient;
  }

  /** Sets it to one that stays its owner's. @throws ShapeError for one of another shape, dtype or device */
  assign(gradient: Tensor | undefined): void {
    if (gradient) expectFits(this.#tensor, gradient);
    this.#set(gradient, false);
  }

  /** Sets it to one that is the tensor's from here on. */
  adopt(gradient: Tensor): void {
    this.#set(gradient, true);
  }

  #set(gradient: Tensor | undefined, owned: boolean): void {
    const made = this.#madeNow;
    if (made) {
      made.set(this.#tensor, gradient);
      return;
    }
    const before = this.#kept;
    const same = before.gradient === gradient;
    this.#kept = { gradient, owned: owned || (same && before.owned) };
    if (!same && before.owned && before.gradient) letGo(before.gradient);
  }

  /** Takes it out without freeing it; undefined where the step being recorded has said nothing of it. */
  take(): Kept | undefined {
    const [tensor, made] = [this.#tensor, this.#madeNow];
    if (!made) {
      const kept = this.#kept;
      this.#kept = NONE;
      return kept;
    }
    const kept = made.has(tensor) ? { gradient: made.get(tensor), owned: false } : undefined;
    made.set(tensor, undefined);
    return kept;
  }

  /** Puts back what `take` gave. */
  put(kept: Kept | undefined): void {
    const made = this.#madeNow;
    if (!made) this.#kept = kept ?? NONE;
    else if (kept) made.set(this.#tensor, kept.gradient);
    else made.delete(this.#tensor);
  }

  /** The tensor is disposed. */
  free(): void {
    const { gradient, owned } = this.#kept;
    if (owned) gradient?.dispose();
  }
}
