/** @file What the library offers in Node and in the browser alike; index.ts and index.web.ts add the device and the data. */

export type { ProfileRow } from './autograd/profile.ts';
export * as tasks from './tasks/index.ts';
export type { Baseline } from './train/baseline.ts';
export type { Best } from './train/checkpoint.ts';
export {
  type AugmentationSettings,
  type Given,
  type GivenConfig,
  type PhantomSettings,
  type Preset,
  presets,
  type RunConfig,
  resolveConfig,
  type TrainConfig,
} from './train/config.ts';
export {
  type Evaluation,
  evaluateImages,
  type ImageGrid,
  type LocationErrors,
  type Predictions,
  type ViewErrors,
} from './train/evaluate.ts';
export type { TrainEvent, TrainOptions, TrainResult } from './train/events.ts';
export { train } from './train/loop.ts';
export type { Sample } from './train/pictures.ts';
export { type PredictOptions, predictImages } from './train/predict.ts';
export { type ReportData, type ReportInput, renderReport } from './train/report.ts';
export type { Part } from './train/report-html.ts';
export type { ReportSample } from './train/report-slices.ts';
export { MemoryFiles, type RunFiles } from './train/runfiles.ts';
export type { StepMetrics, ValidationMetrics } from './train/runlog.ts';
export type { Schedule } from './train/schedule.ts';
export type { StepFacts } from './train/trainer.ts';
export { loadNetwork, type WeightsInfo } from './train/weightsfile.ts';
