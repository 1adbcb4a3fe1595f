/** @file Fields: the label arrays of a batch, each of a kind that says how it moves with its image. */

/**
 * How values move when their image is turned, moved or scaled: pixels by interpolation (`image`), class numbers by
 * their nearest neighbour (`mask`), lines by the inverse matrix (`lines`), numbers not at all (`value`). What `fill` has
 * put where the matrix says (`placed`) has moved already; it and lines cannot be bent.
 */
export type Kind = 'image' | 'mask' | 'lines' | 'placed' | 'value';

/** Kinds that follow a matrix and nothing else. */
export const stiffKinds: readonly Kind[] = ['lines', 'placed'];

/** One label array of a batch: values [examples, ...shape], and a mask [examples, labels] that says which are known. */
export interface Field {
  /** For messages and device labels. */
  readonly name: string;
  /** Of one example's values. */
  readonly shape: readonly number[];
  /** Flags in an example's mask. */
  readonly labels: number;
  readonly dtype: 'f32' | 'u32';
  readonly kind: Kind;
}

/** Of `field`: shape and kind of one example’s labels. */
export interface FieldOptions {
  readonly kind: Kind;
  readonly shape: readonly number[];
  /** Default 1: the example's values are known or not, as a whole. */
  readonly labels?: number;
  /** Default f32. */
  readonly dtype?: 'f32' | 'u32';
}

/**
 * A field; the value itself is the key under which a step finds it.
 * @example
 * const { labels, dtype } = data.field('lines', { kind: 'lines', shape: [2, 3], labels: 2 });
 * [labels, dtype]; // [2,"f32"]
 */
export function field(name: string, { kind, shape, labels = 1, dtype = 'f32' }: FieldOptions): Field {
  return { name, shape, labels, dtype, kind };
}

/** Where a task writes the labels of one example; what it does not set stays masked. */
export interface Row {
  /**
   * Sets all values of the field, or with `label` those of one label, and says that they are known.
   * @throws ShapeError for more or fewer values, or a label that the field has not
   */
  set(field: Field, values: ArrayLike<number>, label?: number): void;
}
