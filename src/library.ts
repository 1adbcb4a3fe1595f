/** @file What the library offers in Node and in the browser alike; index.ts and index.web.ts add the device and the data. */

export * as ops from './autograd/ops.ts';
export { CapturedStep, capture, type StepMemory, type StepOutputs } from './autograd/step.ts';
export { noGrad, Tape } from './autograd/tape.ts';
export { Call, CallOutput, call, type GradContext, Incoming, type Op, type Value } from './kernels/op.ts';
export * from './tensor/create.ts';
export type { Caps, Device, DeviceOptions } from './tensor/device.ts';
export type { DType, HostArray } from './tensor/dtype.ts';
export * from './tensor/errors.ts';
export { disown, Scope, scope } from './tensor/scope.ts';
export type { Shape } from './tensor/shape.ts';
export { type Spec, Tensor } from './tensor/tensor.ts';
