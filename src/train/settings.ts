/** @file The settings that training needs to know. */
import type { Split } from '../data/split.ts';
import type { NetworkPart } from './parts.ts';
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
  /** Most standard deviation of a Gaussian blur, pixels. */
  readonly blurPx: number;
  /** Most standard deviation of normal noise on the z-scored intensity. */
  readonly noise: number;
  /** Most of each coefficient of a smooth multiplicative field's logarithm, ±. */
  readonly biasField: number;
  /** Least and most factor on the distance from the image's mean. */
  readonly contrast: readonly [number, number];
  /** Least and most power of the intensity between the image's least and most. */
  readonly gamma: readonly [number, number];
  /** Most of a smooth displacement along x and along y, pixels; a sixteenth of the image's side at most. */
  readonly elasticPx: number;
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
  /** What keeps the weights it starts from, running statistics of its batch norms included, for `freezeSteps`. */
  readonly freeze: 'none' | 'encoder';
  /** Steps after which what was frozen is trained too; null: never. */
  readonly freezeSteps: number | null;
  /** Factors on the learning rate, by part of the network. */
  readonly rates: Readonly<Record<NetworkPart, number>>;
  /** The masks or groups of how many training subjects are used; null: of all. The others serve tasks that need neither. */
  readonly labelled: number | null;
  /** How many of `labelled` choose the best weights instead of training; null: the validation subjects come on top. */
  readonly labelledValidation: number | null;
  /** Whether the labelled are drawn so that groups keep their shares, where groups are known. */
  readonly stratify: boolean;
  /** Who trains, validates and tests, by name, whatever the fractions say; null: drawn by the fractions. */
  readonly subjects: Split | null;
  /** `2/5`: of five folds of the subjects, drawn by the seed, the second tests, whatever `testFraction` says; null: none. */
  readonly fold: string | null;
  readonly steps: number;
  /** Images of a step. */
  readonly batch: number;
  readonly learningRate: number;
  readonly schedule: Schedule;
  /** Steps in which the learning rate rises to where its schedule begins. */
  readonly warmup: number;
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
  /** Share of the subjects, 0 to 0.9; where those who published the data hold some out, these test instead. */
  readonly testFraction: number;
  /** Steps between validations. */
  readonly validateEvery: number;
  /** What the best weights are chosen by: the validation's loss, or the figure of the first task that has one, if any. */
  readonly chooseBy: 'loss' | 'figure';
  /** Validations in a row that may be no better than the best before the run ends; null: it goes to its last step. */
  readonly patience: number | null;
  /** Images of validation subjects to validate on, at most; evenly spaced. */
  readonly validationImages: number;
  /** Steps between checkpoints. */
  readonly checkpointEvery: number;
  /** Whether backward computes the blocks' inside again instead of keeping it: less memory, the same bits, more time. */
  readonly recompute: boolean;
  /** Whether batch norm takes mean and variance of the whole batch where ranks share it, instead of each rank's rows. */
  readonly syncBatchNorm: boolean;
  /**
   * What ranks send one another of gradients: f32, or f16 in blocks with an exponent of their own, which is half as much
   * and errs by a 2,000th of each value.
   */
  readonly gradientSums: 'f32' | 'f16';
  /** Seconds to spend at the start on timing kernel variants, 0 for what is known already; null: the fixed order. */
  readonly tune: number | null;
}
