/** @file Batches: images, how they are moved, and the labels of every field, side by side in one buffer that goes to the device at once. */
import { ConfigError, ShapeError } from '../base/errors.ts';
import { CONTROLS, INTENSITY_NUMBERS, sameAppearance } from './appearance.ts';
import type { Augmentation } from './augmentation.ts';
import type { Field, Row } from './field.ts';
import type { Affine } from './types.ts';

/** Tensors begin at multiples of this, so that kernels can be bound to them. */
const ALIGNMENT = 256;

/** Values of a field, by its dtype. */
export type FieldValues = Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;

/** One tensor of a batch: where it is in the buffer. */
export interface Section {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: 'f32' | 'u32';
  /** First byte. */
  readonly start: number;
  readonly size: number;
}

/** What changes of images' intensities beside gain and offset. */
export interface AppearanceSections {
  /** [images]: standard deviation of a blur, pixels. */
  readonly blur: Section;
  /** [images]: standard deviation of noise. */
  readonly noise: Section;
  /** [images, 2] */
  readonly noiseKeys: Section;
  /** [images, INTENSITY_NUMBERS]: bias field, contrast and gamma, as `adjustIntensity` takes them. */
  readonly intensity: Section;
}

/** Examples of a batch and what belongs to each. */
export interface BatchSizes {
  readonly examples: number;
  /** Images of an example. */
  readonly views: number;
  /** Side of the images, pixels. */
  readonly size: number;
}

function sectionOf(sections: ReadonlyMap<Field, Section>, field: Field): Section {
  const section = sections.get(field);
  if (section) return section;
  throw new ConfigError(
    `The batch has no field ${field.name}. Name it in the fields of the task that uses it.`,
  );
}

/**
 * How batches of one size with these fields are laid out.
 * @example
 * const turn = data.field('turn', { kind: 'value', shape: [1], dtype: 'u32' });
 * const layout = new data.BatchLayout({ examples: 8, views: 1, size: 64 }, [turn]);
 * [layout.images.shape, layout.values(turn).shape]; // [[8,64,64,1],[8,1]]
 */
export class BatchLayout {
  readonly sizes: BatchSizes;
  readonly fields: readonly Field[];
  /** [examples·views, size, size, 1], before augmentation. */
  readonly images: Section;
  /** [examples·views, 6]: augmentation, output pixel → input pixel. */
  readonly matrices: Section;
  /** [examples·views, 2]: intensity gain and offset. */
  readonly gainOffset: Section;
  readonly appearance: AppearanceSections;
  /** [examples·views, CONTROLS, CONTROLS, 2]: how images are bent. */
  readonly controls: Section;
  readonly #values: ReadonlyMap<Field, Section>;
  readonly #masks: ReadonlyMap<Field, Section>;
  readonly #sections: Section[] = [];
  #end = 0;

  constructor(sizes: BatchSizes, fields: readonly Field[]) {
    const { examples, views, size } = sizes;
    const images = examples * views;
    this.sizes = sizes;
    this.fields = fields;
    this.images = this.#section('images', [images, size, size, 1]);
    const labels = fields.map(
      (field) =>
        [
          [field, this.#section(field.name, [examples, ...field.shape], field.dtype)],
          [field, this.#section(`${field.name} mask`, [examples, field.labels])],
        ] as const,
    );
    this.#values = new Map(labels.map(([values]) => values));
    this.#masks = new Map(labels.map(([, mask]) => mask));
    this.matrices = this.#section('matrices', [images, 6]);
    this.gainOffset = this.#section('gain and offset', [images, 2]);
    this.appearance = {
      blur: this.#section('blur', [images]),
      noise: this.#section('noise', [images]),
      noiseKeys: this.#section('noise keys', [images, 2], 'u32'),
      intensity: this.#section('intensity', [images, INTENSITY_NUMBERS]),
    };
    this.controls = this.#section('controls', [images, CONTROLS, CONTROLS, 2]);
  }

  /** Everything, in order. */
  get sections(): readonly Section[] {
    return this.#sections;
  }

  get byteLength(): number {
    return this.#end;
  }

  /** [examples, ...shape] @throws ConfigError for a field that is none of these */
  values(field: Field): Section {
    return sectionOf(this.#values, field);
  }

  /** [examples, labels], f32: 1 where the label is known. */
  mask(field: Field): Section {
    return sectionOf(this.#masks, field);
  }

  /** A batch of zeros. */
  batch(count = this.sizes.examples): Batch {
    return new Batch(this, count);
  }

  #section(name: string, shape: readonly number[], dtype: Section['dtype'] = 'f32'): Section {
    const size = shape.reduce((product, length) => product * length, 1);
    const start = this.#end;
    this.#end = Math.ceil((start + 4 * size) / ALIGNMENT) * ALIGNMENT;
    const section = { name, shape, dtype, start, size };
    this.#sections.push(section);
    return section;
  }
}

/** What is set must not reach into other labels or examples. */
function expectValues({ name, labels }: Field, found: number, needed: number, label = 0): void {
  if (!(Number.isInteger(label) && label >= 0 && label < labels))
    throw new ShapeError(
      'Row.set',
      `label of ${name}`,
      `is ${label}`,
      `A number from 0 to ${labels - 1} is needed.`,
    );
  if (found !== needed)
    throw new ShapeError('Row.set', `values of ${name}`, `are ${found} numbers`, `${needed} are needed.`);
}

/**
 * One batch on the host.
 * @example
 * const batch = new data.BatchLayout({ examples: 2, views: 1, size: 2 }, []).batch();
 * const change = data.drawAugmentation(1, 0, {}, 2);
 * batch.place(1, 7, Float32Array.of(1, 2, 3, 4), change);
 * batch.images; // [0,0,0,0,1,2,3,4]
 */
export class Batch {
  readonly layout: BatchLayout;
  /** Everything below, as it goes to the device. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly images: Float32Array;
  readonly matrices: Float32Array;
  readonly gainOffset: Float32Array;
  readonly #changes: { readonly [K in keyof AppearanceSections]: FieldValues };
  readonly #controls: Float32Array;
  /** [examples·views]: image index in the prepared data. */
  readonly indices: Int32Array;
  /** [examples]: what the input drew beside the views. */
  readonly drawn: Float64Array;
  /** Rows that are examples; the rest repeat the last one (end of a sequential pass only). */
  readonly count: number;

  constructor(layout: BatchLayout, count: number) {
    const { examples, views } = layout.sizes;
    this.layout = layout;
    this.count = count;
    this.bytes = new Uint8Array(layout.byteLength);
    this.images = this.#view(layout.images) as Float32Array;
    this.matrices = this.#view(layout.matrices) as Float32Array;
    this.gainOffset = this.#view(layout.gainOffset) as Float32Array;
    const { blur, noise, noiseKeys, intensity } = layout.appearance;
    this.#changes = {
      blur: this.#view(blur),
      noise: this.#view(noise),
      noiseKeys: this.#view(noiseKeys),
      intensity: this.#view(intensity),
    };
    this.#controls = this.#view(layout.controls) as Float32Array;
    this.indices = new Int32Array(examples * views);
    this.drawn = new Float64Array(examples);
  }

  /** [examples, ...shape] */
  values(field: Field): FieldValues {
    return this.#view(this.layout.values(field));
  }

  /** [examples, labels]: 1 where the label is known. */
  mask(field: Field): Float32Array {
    return this.#view(this.layout.mask(field)) as Float32Array;
  }

  /** Known labels of these fields. */
  labelCount(fields: readonly Field[]): number {
    return fields.reduce((total, field) => this.mask(field).reduce((sum, flag) => sum + flag, total), 0);
  }

  /** Puts an image into place `image` (example · views + view). */
  place(image: number, index: number, pixels: Float32Array, change: Augmentation): void {
    this.images.set(pixels, image * pixels.length);
    this.matrices.set(change.matrix, image * 6);
    this.gainOffset.set([change.gain, change.offset], image * 2);
    const { blurPx, noise, noiseKey, biasField, contrast, gamma } = change.appearance ?? sameAppearance;
    const changes = this.#changes;
    changes.blur[image] = blurPx;
    changes.noise[image] = noise;
    changes.noiseKeys.set(noiseKey, image * 2);
    changes.intensity.set([...biasField, contrast, gamma], image * INTENSITY_NUMBERS);
    if (change.controls) this.#controls.set(change.controls, image * change.controls.length);
    this.indices[image] = index;
  }

  /** How image `image` is moved, output pixel → input pixel. */
  matrixOf(image: number): Affine {
    return [...this.matrices.subarray(6 * image, 6 * image + 6)] as unknown as Affine;
  }

  /** Where a task writes the labels of an example. */
  row(example: number): Row {
    return {
      set: (field, values, label) => {
        const { labels } = field;
        const width = this.layout.values(field).size / this.layout.sizes.examples / labels;
        const [first, count] = label === undefined ? [0, labels] : [label, 1];
        expectValues(field, values.length, count * width, label);
        this.values(field).set(values, (example * labels + first) * width);
        this.mask(field).fill(1, example * labels + first, example * labels + first + count);
      },
    };
  }

  /** Masks the labels of the rows that only fill the batch up. */
  maskFilling(): void {
    for (const field of this.layout.fields) this.mask(field).fill(0, this.count * field.labels);
  }

  #view({ dtype, start, size }: Section): FieldValues {
    const { buffer } = this.bytes;
    return dtype === 'f32' ? new Float32Array(buffer, start, size) : new Uint32Array(buffer, start, size);
  }
}
