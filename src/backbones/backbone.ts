/** @file The contract of a backbone: the network that trainings put their tasks' heads on. */
import type { BodySpec } from '../models/headed.ts';
import type { SettingKinds } from '../tasks/task.ts';

/** A backbone with its settings. */
export interface Backbone {
  readonly declare: BodySpec;
  /** Sides of images must be multiples of this, pixels. */
  readonly sideStep: number;
  /** The smallest side, pixels; default `sideStep`. */
  readonly leastSide?: number;
  /** The first convolution's weight, where weights of colour images may fill it: see `startFrom`. */
  readonly stem?: string;
  /** Whether a weight of this name is the encoder's: what other trainings take over, and may freeze. */
  encoder(name: string): boolean;
}

/** What the program knows of a backbone. */
export interface BackboneRecord<S = unknown> {
  readonly name: string;
  readonly title: string;
  /** Its section of the configuration, beside the name. */
  readonly settings: SettingKinds<S>;
  readonly defaults: S;
  /** @param channels of the images */
  build(settings: S, channels: number): Backbone;
  /** Its size, for people: `16 channels, 5 levels`. */
  describe(settings: S): string;
}

/** A backbone with the type of its settings checked where it is defined, and nowhere else. */
export function defineBackbone<S>(record: BackboneRecord<S>): BackboneRecord {
  return record as BackboneRecord;
}

/** What is wrong with images of this side, for a sentence about the network; null where nothing is. */
export function sideProblem(side: number, { sideStep, leastSide = sideStep }: Backbone): string | null {
  if (side % sideStep !== 0) return `is no multiple of ${sideStep}`;
  return side < leastSide ? `is below ${leastSide}` : null;
}
