/** @file The contract of a backbone: the network that trainings put their tasks' heads on. */
import type { BodySpec } from '../models/headed.ts';

/** A backbone with its settings. */
export interface Backbone {
  readonly declare: BodySpec;
  /** Sides of images must be multiples of this, pixels. */
  readonly sideStep: number;
}
