/** @file A device that is described, not present: enough of WebGPU for a step to be recorded on it, without driver or memory. */
import type { Caps } from '../../src/tensor/caps.ts';
import { Device, type DeviceOptions } from '../../src/tensor/device.ts';

/** Limits that decide what a step may allocate, in bytes. */
export interface MemoryLimits {
  readonly maxBufferSize: number;
  readonly maxStorageBufferBindingSize: number;
}

const nothing = (): void => {};

/** What the engine asks of a GPUDevice until the first step runs. */
function describedGpu(limits: MemoryLimits): object {
  return {
    limits,
    features: new Set<string>(),
    lost: new Promise(nothing),
    queue: { writeBuffer: nothing, submit: nothing },
    addEventListener: nothing,
    pushErrorScope: nothing,
    popErrorScope: () => Promise.resolve(null),
    createBuffer: () => ({ destroy: nothing }),
    createShaderModule: () => ({}),
    createBindGroupLayout: () => ({}),
    createPipelineLayout: () => ({}),
    createComputePipeline: () => ({}),
    createComputePipelineAsync: () => Promise.resolve({}),
    createBindGroup: () => ({}),
    destroy: nothing,
  };
}

/** A device of these abilities that records and plans, and cannot run. */
export function describedDevice(caps: Caps, limits: MemoryLimits, options: DeviceOptions = {}): Device {
  return new Device(describedGpu(limits) as GPUDevice, caps, options, {});
}
