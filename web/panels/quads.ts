/** @file The planes of a study for the 3-D view, with the images on them. */
import { css, windowedImage } from '../draw.ts';
import type { ImageValues } from '../protocol.ts';
import type { Quad } from '../scene.ts';
import type { Planned } from './planned.ts';
import type { StudyModel } from './studymodel.ts';

interface Texture {
  readonly image: ImageValues;
  readonly window: string;
  readonly data: ImageData;
}

export class Quads {
  readonly #model: StudyModel;
  readonly #planned: Planned;
  /** Made anew only when the window changes. */
  readonly #textures = new Map<string, Texture>();

  constructor(model: StudyModel, planned: Planned) {
    this.#model = model;
    this.#planned = planned;
  }

  /** For another study. */
  clear(): void {
    this.#textures.clear();
    this.#planned.clear();
  }

  /** Every stack's slice with its image; the other slices of the stack shown first as outlines, or with theirs; what was planned. */
  async all(allImages: boolean): Promise<Quad[]> {
    const model = this.#model;
    const wanted = model.study!.stacks.flatMap(({ view, slices }, stack) =>
      view === null
        ? []
        : slices
            .map((_, slice) => ({ stack, slice }))
            .filter(({ slice }) => stack === model.home || slice === model.slices[stack]),
    );
    const quads = await Promise.all(
      wanted.map(async ({ stack, slice }) => {
        const strong = slice === model.slices[stack];
        const image =
          strong || allImages ? this.#texture(stack, slice, await model.image(stack, slice)) : null;
        const colour = css(model.colourOf(stack));
        return { key: `${stack}/${slice}`, plane: model.planeOf(stack, slice), image, colour, strong };
      }),
    );
    return [...quads, ...this.#planned.quads()];
  }

  #texture(stack: number, slice: number, image: ImageValues): ImageData {
    const { low, high } = this.#model.window(stack, image);
    const window = `${low} ${high}`;
    const key = `${stack}/${slice}`;
    const known = this.#textures.get(key);
    if (known?.image === image && known.window === window) return known.data;
    const data = windowedImage(image.values, image.columns, image.rows, low, high);
    this.#textures.set(key, { image, window, data });
    return data;
  }
}
