/** @file The settings that training needs to know. */
import type { Split } from '../data/split.ts';
import type { Schedule } from './schedule.ts';

/** How images are turned, moved and brightened at random. */
export interface AugmentationSettings {
  /** Rotation in ±degrees, 0 to 180. */
  readonly rotationDeg: number;
  /** Least and most magnification. */
  readonly scale: readonly [number, number];
  /** Shift in ±pixels of the prepared image. */
  readonly shiftPx: number;
  readonly flipX: boolean;
  readonly flipY: boolean;
  /** Least and most factor on the intensity. */
  readonly gain: readonly [number, number];
  /** Added to the z-scored intensity, ±. */
  readonly offset: number;
}

/** A backbone and its settings. */
export interface ModelSection {
  readonly name: string;
  readonly [setting: string]: unknown;
}

/** A task's settings. */
export interface TaskSection {
  /** Of its loss in the sum. */
  readonly weight: number;
  readonly [setting: string]: unknown;
}

/** What training needs to know: it decides every byte of the weights, given the data and the adapter. */
export interface TrainConfig {
  /** The backbone, by name, and its settings. */
  readonly model: ModelSection;
  /** The tasks that are trained, by name, with their settings. */
  readonly tasks: Readonly<Record<string, TaskSection>>;
  /** `mixed`: convolutions in f16, with the loss scaled; the adapter needs shader-f16. */
  readonly precision: 'f32' | 'mixed';
  /** What of the weights that a run starts from (`init`) is taken: all that fits, or of that the encoder alone. */
  readonly initParts: 'all' | 'encoder';
  /** What keeps the weights it starts from, running statistics of its batch norms included. */
  readonly freeze: 'none' | 'encoder';
  /** How many of the training subjects with masks are used, all others left out; null: every training subject. */
  readonly labelled: number | null;
  /** Who trains, validates and tests, by name, whatever the fractions say; null: drawn by the fractions. */
  readonly subjects: Split | null;
  readonly steps: number;
  /** Images of a step. */
  readonly batch: number;
  readonly learningRate: number;
  readonly schedule: Schedule;
  /** `subject`: one random image per subject and epoch; `all`: every image once per epoch. */
  readonly epoch: 'subject' | 'all';
  readonly augmentation: AugmentationSettings;
  /** Weight of Σ|p| over all parameters. */
  readonly l1: number;
  /** Weight of Σp² / 2 over all parameters. */
  readonly l2: number;
  /** Largest norm of the whole gradient; null: no limit. */
  readonly clipNorm: number | null;
  readonly seed: number;
  /** Share of the subjects, 0 to 0.9. */
  readonly validationFraction: number;
  /** Share of the subjects, 0 to 0.9. */
  readonly testFraction: number;
  /** Steps between validations. */
  readonly validateEvery: number;
  /** Images of validation subjects to validate on, at most; evenly spaced. */
  readonly validationImages: number;
  /** Steps between checkpoints. */
  readonly checkpointEvery: number;
  /** Whether backward computes the blocks' inside again instead of keeping it: less memory, the same bits, more time. */
  readonly recompute: boolean;
  /** Seconds to spend at the start on timing kernel variants, 0 for what is known already; null: the fixed order. */
  readonly tune: number | null;
}
