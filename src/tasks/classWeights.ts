/** @file Weights of classes in a cross entropy: alike, as given, or by how rare the classes are in training. */
import { ConfigError } from '../base/errors.ts';
import { either, least0, list, oneOf } from './settings.ts';

const weightings = ['equal', 'balanced'] as const;

/** One for each class, or how they come about: `balanced`, by how rare the classes are in training. */
export type ClassWeighting = (typeof weightings)[number] | readonly number[];

/** The kind of a setting that is a ClassWeighting. */
export const classWeighting = either(oneOf(weightings), list(least0), 'equal, balanced or a list of numbers');

/** Weights by which the classes that occur count alike, and 1 on average over what is counted; 0 for one that does not occur. */
export function balancedWeights(counts: readonly number[]): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const present = counts.filter((count) => count > 0).length;
  return counts.map((count) => (count > 0 ? total / (present * count) : 0));
}

/** The weights of the classes, once the training images are known. */
export class ClassWeights {
  readonly #task: string;
  readonly #setting: ClassWeighting;
  #balanced: readonly number[] | null = null;

  /**
   * @param order of the classes, for messages
   * @throws ConfigError for more or fewer weights than classes
   */
  constructor(task: string, setting: ClassWeighting, classes: number, order: string) {
    this.#task = task;
    this.#setting = setting;
    if (typeof setting === 'string') return;
    if (setting.length !== classes)
      throw new ConfigError(
        `Task ${task}: classWeights are ${setting.length}, but there are ${classes} classes. Give one for each, ${order}.`,
      );
  }

  /** @param counts how often each class is there in training, once it is asked for */
  learn(counts: () => readonly number[]): void {
    if (this.#setting === 'balanced') this.#balanced = balancedWeights(counts());
  }

  /** Null: all alike. */
  get values(): readonly number[] | null {
    if (typeof this.#setting !== 'string') return this.#setting;
    if (this.#setting === 'equal') return null;
    if (this.#balanced) return this.#balanced;
    throw new ConfigError(
      `Task ${this.#task}: balanced class weights are those of the training images. Call check(training) before loss.`,
    );
  }
}
