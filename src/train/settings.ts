/** @file The settings of a pretraining run: what they are. schemas.ts says which values they may have. */
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

/** The phantom cohort that stands in where there is no data. */
export interface PhantomSettings {
  readonly subjects: number;
  readonly difficulty: 'easy' | 'mid' | 'hard';
  /** Cardiac phases, 1 to 30. */
  readonly phases: number;
  /** Side of the DICOM images, pixels over 256 mm; 16 to 512. */
  readonly size: number;
  readonly seed: number;
}

/** What training needs to know: it decides every byte of the weights, given the data and the adapter. */
export interface TrainConfig {
  /** The pretext tasks, each once. */
  readonly tasks: readonly ('orientation' | 'location')[];
  /** α of paper §3: weight of the orientation loss. */
  readonly alpha: number;
  /** β: weight of the location loss. */
  readonly beta: number;
  /** σ of the line labels, mm (paper §1: 6 px of 1.26 mm). */
  readonly lineSigmaMm: number;
  /** Channels of the first level, 1 to 256. */
  readonly width: number;
  /** `mixed`: convolutions in f16, with the loss scaled; the adapter needs shader-f16. */
  readonly precision: 'f32' | 'mixed';
  /** Levels of the U-Net, the centre included; 2 to 7. */
  readonly depth: number;
  /** Factor on the first weights of the heatmaps' 1×1 convolution. */
  readonly headGain: number;
  /** Whether to hold the two layers of [Z] that are never called, so that state dicts map one to one. */
  readonly unusedLayers: boolean;
  /** Width of the location head's hidden layer. */
  readonly hidden: number;
  /** Of the location head's hidden layer: from 0, below 1. */
  readonly dropout: number;
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

export type Preset = 'small' | 'zhang2024';

/** A whole run: the training, its data and where its results go. */
export interface RunConfig extends TrainConfig {
  /** Where the settings come from that are not given. */
  readonly preset: Preset;
  /** A DICOM folder or a prepared store; null: a phantom cohort. */
  readonly data: string | null;
  /** folder-or-series=view rules. */
  readonly map: readonly string[];
  /** Side of the prepared images, pixels; 8 to 4096. */
  readonly size: number;
  /** Pixel spacing of the prepared images, mm. */
  readonly spacingMm: number;
  readonly phantom: PhantomSettings;
  readonly adapter: 'gpu' | 'system' | 'swiftshader' | null;
  /** The run's folder. */
  readonly out: string;
}

/** Some of the settings; undefined stands for none. */
export type Given<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** What a user gives: any part of the configuration. */
export type GivenConfig = Given<Omit<RunConfig, 'augmentation' | 'phantom'>> & {
  readonly augmentation?: Given<AugmentationSettings> | undefined;
  readonly phantom?: Given<PhantomSettings> | undefined;
};
