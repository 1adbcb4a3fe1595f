/** @file What the library offers in Node and in the browser alike; index.ts and index.web.ts add the device and the data. */

export * as ops from './autograd/ops.ts';
export { type AdamSettings, Optimizer, type OptimizerSettings, type SgdSettings } from './autograd/optim.ts';
export { type Problem, problemsOf } from './autograd/problems.ts';
export { LossScaler, type ScalerSettings, type Undo } from './autograd/scaler.ts';
export { CapturedStep, capture, type StepMemory, type StepOutputs } from './autograd/step.ts';
export { noGrad, Tape } from './autograd/tape.ts';
export { choicesBy, type TuneOptions, tune, type Winner } from './autograd/tune.ts';
export { Call, CallOutput, call, type GradContext, Incoming, type Op, type Value } from './kernels/op.ts';
export { type Choices, setChoices } from './kernels/variant.ts';
export * from './models/index.ts';
export * as tasks from './tasks/index.ts';
export * from './tensor/create.ts';
export type { Caps, Device, DeviceOptions } from './tensor/device.ts';
export type { DType, HostArray } from './tensor/dtype.ts';
export * from './tensor/errors.ts';
export { disown, Scope, scope } from './tensor/scope.ts';
export type { Shape } from './tensor/shape.ts';
export { type Spec, Tensor } from './tensor/tensor.ts';
export { type Preset, presets, resolveConfig, type TrainConfig } from './train/config.ts';
export { type Evaluation, evaluateImages, type Predictions } from './train/evaluate.ts';
export type { TrainEvent, TrainOptions, TrainResult } from './train/events.ts';
export { train } from './train/loop.ts';
export { predictImages } from './train/predict.ts';
export { renderReport } from './train/report.ts';
export { MemoryFiles, type RunFiles } from './train/runfiles.ts';
export { loadNetwork } from './train/weightsfile.ts';
