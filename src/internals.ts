/** @file Types of the engine's insides, which the signatures of its classes name: `internals` of the library. */

export type { ArenaEntry, ArenaRun, ParameterOptions } from './autograd/arena.ts';
export type { BlockBackward } from './autograd/entry.ts';
export type { Recorded } from './autograd/placement.ts';
export type { Replica } from './autograd/problems.ts';
export type { Recording } from './autograd/record.ts';
export type { Holdings } from './autograd/step.ts';
export type { WatchedChoice } from './kernels/launch/watch.ts';
export type { LevelSettings } from './models/levelSettings.ts';
export type { Encoder, EncoderSpec } from './models/levelUnet.ts';
export type { Settings } from './models/unet.ts';
export type { Block as LevelBlock, UnitSizes } from './models/units.ts';
export type { Host, PendingWork, Twins, Wait } from './tensor/device.ts';
export type { Faults } from './tensor/faults.ts';
export type { HeldGradient, Kept } from './tensor/gradient.ts';
export type { Memory, Region, Storage } from './tensor/memory.ts';
export type { Disposable } from './tensor/scope.ts';
export type { ChannelRun } from './tensor/tensor.ts';
