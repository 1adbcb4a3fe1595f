/** @file What the library offers in Node and in the browser alike; index.ts and index.web.ts add the device and the data. */

export type { ProfileRow } from './autograd/profile.ts';
export type { Backbone, BackboneRecord } from './backbones/backbone.ts';
export { unet } from './backbones/unet.ts';
export type { GroupNames } from './data/groups.ts';
export type { Identifiers } from './data/identifiers/pseudonyms.ts';
export type { PhantomAnatomy } from './data/phantom/names.ts';
export type { FoundLine } from './planning/evidence.ts';
export type { CurveTask } from './report/charts.ts';
export type { MarkedImage } from './report/pictures.ts';
export {
  type ReportData,
  type ReportInput,
  type ReportStep,
  type ReportTask,
  renderReport,
} from './report/report.ts';
export type { Evaluation, PartName, ShownImage } from './results/evaluation.ts';
export type { StepMetrics, TaskLosses, ValidationMetrics } from './results/losses.ts';
export type { Finding, Mark, Of, Scatter, Table } from './results/mark.ts';
export type { PlaneOff, PlannedErrors } from './results/planes.ts';
export type { Result } from './results/result.ts';
export {
  type AugmentationSettings,
  type Given,
  type GivenConfig,
  type GivenTasks,
  type PhantomSettings,
  type Preset,
  presets,
  type RunConfig,
  resolveConfig,
  type TrainConfig,
} from './run/config.ts';
export { evaluateRun, reportTasks } from './run/evaluate.ts';
export { type PlanConfig, type PlanData, planRun } from './run/plan.ts';
export { describeWeights, loadTrained, type Trained, type WeightsInfo } from './run/trained.ts';
export { train } from './run/training.ts';
export { tasks } from './tasks/index.ts';
export * from './tasks/task.ts';
export type { Best, Upgrade } from './train/checkpoint.ts';
export type { Comm } from './train/comm.ts';
export type { Recorder, TrainEvent, TrainOptions, TrainResult } from './train/events.ts';
export type { InitialWeights, InitReport, TaskHeads } from './train/init.ts';
export { type EvaluateOptions, evaluate, evaluationRecord } from './train/judge.ts';
export type { Losses } from './train/losses.ts';
export type { NetworkPart } from './train/parts.ts';
export {
  type ChosenTask,
  type Plan,
  type PlannedTask,
  planOf,
  type Stream,
} from './train/plan.ts';
export { type OnBlock, type PredictOptions, predictImages } from './train/predict.ts';
export { type PredictVolumeOptions, predictVolume } from './train/predictvolume.ts';
export { MemoryFiles, type RunFiles } from './train/runfiles.ts';
export type { Schedule } from './train/schedule.ts';
export type { ModelSection, TaskSection } from './train/settings.ts';
export type { StepFacts } from './train/trainer.ts';
