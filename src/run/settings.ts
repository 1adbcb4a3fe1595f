/** @file The configuration of a run: what it holds. schemas.ts says which values it may have. */
import type { Identifiers } from '../data/identifiers/pseudonyms.ts';
import type { PhantomAnatomy } from '../data/phantom/names.ts';
import type { MaskOptions } from '../data/sources/source.ts';
import type { AugmentationSettings, TrainConfig } from '../train/settings.ts';

/** The phantom cohort that stands in where there is no data. */
export interface PhantomSettings {
  readonly anatomy: PhantomAnatomy;
  readonly subjects: number;
  readonly difficulty: 'easy' | 'mid' | 'hard';
  /** Cardiac phases of hearts, 1 to 30. */
  readonly phases: number;
  /** Side of the images, pixels over 256 mm, of knees 140 mm; 16 to 512. */
  readonly size: number;
  readonly seed: number;
}

/** Names of what holds where nothing is said. */
export type Preset = 'small' | 'zhang2024' | 'finetune' | 'classify' | 'acdc';

/** A whole run: the training, its data and where its results go. */
export interface RunConfig extends TrainConfig {
  /** Where the settings come from that are not given. */
  readonly preset: Preset;
  /** A DICOM folder or a prepared store; null: a phantom cohort. */
  readonly data: string | null;
  /** A folder or store of further images, on which the tasks train that need no annotations; null: none. */
  readonly unlabelled: string | null;
  /** Weights to start from: the folder of a run, a .safetensors or .npz file, or `builtin`; null: as drawn. */
  readonly init: string | null;
  /** The view that is learnt from; null: short-axis, of knees made for the run or laid out as MRNet sagittal. */
  readonly target: string | null;
  /** folder-or-series=view rules. */
  readonly map: readonly string[];
  /** What slices without any label are, in volumes with labels that the run prepares: of some data nobody drew there. */
  readonly emptySlices: NonNullable<MaskOptions['emptySlices']>;
  /** Side of the prepared images, pixels; 8 to 4096. */
  readonly size: number;
  /** Pixel spacing of the prepared images, mm. */
  readonly spacingMm: number;
  readonly phantom: PhantomSettings;
  /** Whether the evaluation averages class probabilities over mirror images; only where class maps are learnt. */
  readonly mirror: boolean;
  readonly adapter: 'gpu' | 'system' | 'swiftshader' | null;
  /** What people and files are called in what the run writes. */
  readonly identifiers: Identifiers;
  /** The run's folder. */
  readonly out: string;
}

/** Some of the settings; undefined stands for none. */
export type Given<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** Parts of the sections of tasks, by name. */
export interface GivenTasks {
  readonly [task: string]: { readonly [setting: string]: unknown } | undefined;
}

/** What a user gives: any part of the configuration. */
export type GivenConfig = Given<Omit<RunConfig, 'rates' | 'augmentation' | 'phantom' | 'model' | 'tasks'>> & {
  readonly model?: { readonly [setting: string]: unknown } | undefined;
  /** Exactly these tasks: by name, or with settings that differ from the preset's. */
  readonly tasks?: readonly string[] | GivenTasks | undefined;
  /** Settings of the tasks that are trained, wherever these are chosen. */
  readonly taskSettings?: GivenTasks | undefined;
  readonly rates?: Given<RunConfig['rates']> | undefined;
  readonly augmentation?: Given<AugmentationSettings> | undefined;
  readonly phantom?: Given<PhantomSettings> | undefined;
};
