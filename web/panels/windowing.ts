/** @file Brightness and contrast of the stack one looks at: by shares of its width, or as a preset says. */
import type { ImageValues } from '../protocol.ts';
import type { StudyModel } from './studymodel.ts';
import type { Window } from './viewer.ts';

/** A window no narrower than this share of the image's own. */
const LEAST = 1e-3;

/** MR has no units, so presets are shares of what an image holds. */
const presets: Readonly<Record<string, (image: ImageValues) => Window | null>> = {
  automatic: () => null,
  'all values': ({ values }) => {
    const range = { low: Number.POSITIVE_INFINITY, high: Number.NEGATIVE_INFINITY };
    for (const value of values) {
      if (value < range.low) range.low = value;
      if (value > range.high) range.high = value;
    }
    return range.high > range.low ? range : null;
  },
  'soft tissue': ({ low, high }) => ({ low, high: low + 0.6 * (high - low) }),
  bright: ({ low, high }) => ({ low: low + 0.4 * (high - low), high: high + 0.3 * (high - low) }),
  inverted: ({ low, high }) => ({ low: high, high: low }),
};

export const windowPresets = Object.keys(presets);

export class Windowing {
  readonly #model: StudyModel;

  constructor(model: StudyModel) {
    this.#model = model;
  }

  /** @param shift of its width @param widen by this share of it */
  async move(shift: number, widen: number): Promise<void> {
    const image = await this.#image();
    if (!image) return;
    const { low, high } = this.#model.window(this.#model.stack, image);
    const way = Math.sign(high - low) || 1;
    const least = LEAST * (image.high - image.low);
    const width = way * Math.max(least, Math.abs(high - low) * (1 + widen));
    const level = (low + high) / 2 + shift * Math.abs(high - low);
    this.#model.setWindow({ low: level - width / 2, high: level + width / 2 });
  }

  async choose(preset: string): Promise<void> {
    const image = await this.#image();
    if (image) this.#model.setWindow(presets[preset]!(image));
  }

  async #image(): Promise<ImageValues | null> {
    return this.#model.study ? this.#model.image(this.#model.stack) : null;
  }
}
