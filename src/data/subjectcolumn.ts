/** @file Whose each image is, without reading a long list of images again. */
import { isLazy } from '../base/lazy.ts';
import type { PreparedImage } from './types.ts';

/** Subjects of a list of images. */
export interface SubjectColumn {
  /** In order of first appearance. */
  readonly names: readonly string[];
  /** Of each image the place of its subject's name. */
  readonly places: Uint32Array;
}

const columns = new WeakMap<readonly PreparedImage[], SubjectColumn>();

/** Gathers the subjects of a list. */
export class SubjectGathering {
  readonly #places: Uint32Array;
  readonly #names = new Map<string, number>();

  constructor(count: number) {
    this.#places = new Uint32Array(count);
  }

  set(index: number, { subject }: PreparedImage): void {
    const place = this.#names.get(subject) ?? this.#names.size;
    if (place === this.#names.size) this.#names.set(subject, place);
    this.#places[index] = place;
  }

  /** Keeps them for `subjectColumn`. */
  keep(images: readonly PreparedImage[]): SubjectColumn {
    const column = { names: [...this.#names.keys()], places: this.#places };
    if (isLazy(images)) columns.set(images, column);
    return column;
  }
}

/** Subjects of a list of images; a lazy list is read once. */
export function subjectColumn(images: readonly PreparedImage[]): SubjectColumn {
  const known = columns.get(images);
  if (known) return known;
  const gathering = new SubjectGathering(images.length);
  for (const [index, image] of images.entries()) gathering.set(index, image);
  return gathering.keep(images);
}

/** Whose image `index` is. */
export function subjectAt(images: readonly PreparedImage[], index: number): string {
  if (!isLazy(images)) return images[index]!.subject;
  const { names, places } = subjectColumn(images);
  return names[places[index]!]!;
}
