/** @file The engine without device: tensors, ops, gradients, optimisers, captured steps, modules. It needs no npm package. */

export type { ApplyOptions } from './autograd/apply.ts';
export type { ParameterArena } from './autograd/arena.ts';
export type { NonFinite } from './autograd/nonFinite.ts';
export type { Operand } from './autograd/ops/operands.ts';
export * as ops from './autograd/ops.ts';
export { Optimizer } from './autograd/optim.ts';
export type {
  AdamSettings,
  CommonSettings,
  OptimizerSettings,
  ParameterGroup,
  Penalties,
  SgdSettings,
} from './autograd/optimSettings.ts';
export { type Problem, problemsOf } from './autograd/problems.ts';
export type { Block } from './autograd/recompute.ts';
export { LossScaler, type ScalerSettings, type Undo } from './autograd/scaler.ts';
export * as schedules from './autograd/schedule.ts';
export { CapturedStep, capture, type StepMemory, type StepOutputs } from './autograd/step.ts';
export type { SumOverRanks, SumTimes } from './autograd/sums.ts';
export { type BackwardOptions, noGrad, Tape, type TapeOptions } from './autograd/tape.ts';
export {
  choicesBy,
  type KnownWinner,
  type KnownWinners,
  type TuneOptions,
  tune,
  type Winner,
} from './autograd/tune.ts';
export * from './base/errors.ts';
export { HalfBlocks } from './base/halfblocks.ts';
export type * as internals from './internals.ts';
export type { CrossEntropyAttrs, LineHeatmapAttrs, LineHeatmapMseAttrs } from './kernels/index.ts';
export {
  type DefinedEntry,
  type DefinedShader,
  defineShader,
  invocationGrid as linearGrid,
  launchShader as launch,
} from './kernels/launch/define.ts';
export type { Grid as LaunchGrid } from './kernels/launch/queue.ts';
export type {
  BindingsOf,
  ParamsOf,
  ShaderBinding,
  ShaderEntry,
  ShaderModule,
  ShaderParams,
  Specialization,
} from './kernels/launch/shader.ts';
export type { Share } from './kernels/launch/share.ts';
export { type Choices, setChoices } from './kernels/launch/variant.ts';
export {
  Call,
  CallOutput,
  call,
  type GradContext,
  Incoming,
  type Inputs,
  type Op,
  type Value,
} from './kernels/op.ts';
export type { Pair, Triple } from './kernels/options.ts';
export type { Reduction } from './kernels/ratio.ts';
export * from './models/index.ts';
export type { Matrices } from './tensor/caps.ts';
export * from './tensor/create.ts';
export type { Caps, Device, DeviceOptions } from './tensor/device.ts';
export type { DType, HostArray } from './tensor/dtype.ts';
export { disown, Scope, scope } from './tensor/scope.ts';
export type { Shape } from './tensor/shape.ts';
export { type Spec, Tensor } from './tensor/tensor.ts';
export type { HostValues } from './tensor/values.ts';
