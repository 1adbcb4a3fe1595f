/** @file Data sets that become one: what they must have in common, and what is said of all of them. */
import { ConfigError } from '../base/errors.ts';
import { some } from '../base/words.ts';
import { expectOneKey } from './beside.ts';
import { subjectsOf } from './split.ts';
import type { Groups, PreparedManifest, SkippedFile, TrainingData } from './types.ts';

/** What data sets that are joined have alike. */
const common = ['size', 'spacingMm', 'targetView', 'referenceViews', 'classes', 'colours', 'dtype'] as const;

const shown = (value: unknown): string => (value === undefined ? 'none' : JSON.stringify(value));

function expectAlike(one: PreparedManifest, other: PreparedManifest, names: readonly [string, string]): void {
  for (const key of common)
    if (shown(one[key]) !== shown(other[key]))
      throw new ConfigError(
        `${names[1]} has ${key} ${shown(other[key])}, and ${names[0]} ${shown(one[key])}: they cannot be one store. Prepare them alike.`,
      );
  if (one.identifiers !== other.identifiers)
    throw new ConfigError(
      `${names[1]} has names of the kind ${shown(other.identifiers)}, and ${names[0]} of ${shown(one.identifiers)}: nobody could tell who is in both. Prepare both with the same --identifiers.`,
    );
  expectOneKey(one, other, `${names[0]} and ${names[1]}`);
}

const joinedGroups = (one: Groups | undefined, other: Groups | undefined): Groups | undefined =>
  one || other ? { ...one, ...other } : undefined;

/** Gathers what the manifest of several data sets says beside their images. */
export class Joining {
  #first: PreparedManifest | undefined;
  #firstName = '';
  readonly #owners = new Map<string, string>();
  readonly #skipped: SkippedFile[] = [];
  readonly #heldOut: string[] = [];
  readonly #order: string[] = [];
  #groups: Groups | undefined;
  #labels: Record<string, Groups> | undefined;

  /** Subjects so far. */
  get subjects(): number {
    return this.#owners.size;
  }

  /**
   * One more, behind those before.
   * @param name for messages
   * @throws ConfigError where it is not like the first, or has a subject that another has
   */
  add(data: TrainingData, name: string): void {
    const { manifest } = data;
    if (this.#first) expectAlike(this.#first, manifest, [this.#firstName, name]);
    else [this.#first, this.#firstName] = [manifest, name];
    const subjects = subjectsOf(data);
    const twice = subjects.filter((subject) => this.#owners.has(subject));
    if (twice.length > 0)
      throw new ConfigError(
        `${name} has subjects whom ${this.#owners.get(twice[0]!)} has too: ${some(twice, 3)}. Give each subject in one store.`,
      );
    for (const subject of subjects) this.#owners.set(subject, name);
    this.#order.push(...subjects);
    this.#skipped.push(...manifest.skipped);
    this.#heldOut.push(...(manifest.heldOut ?? []));
    this.#groups = joinedGroups(this.#groups, manifest.groups);
    for (const [label, groups] of Object.entries(manifest.labels ?? {}))
      this.#labels = { ...this.#labels, [label]: joinedGroups(this.#labels?.[label], groups)! };
  }

  /** The manifest of all, without images: no more than the first where that is the only one. */
  manifest(): PreparedManifest {
    const first = this.#first!;
    return {
      ...first,
      images: [],
      skipped: this.#skipped,
      ...(this.#groups && { groups: this.#groups }),
      ...(this.#labels && { labels: this.#labels }),
      ...(this.#heldOut.length > 0 && { heldOut: this.#heldOut }),
      ...(first.order && { order: this.#order }),
    };
  }
}
