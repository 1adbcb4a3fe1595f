/** @file Pipelines and bind-group layouts, cached by final source and constants; compiled in parallel when asked ahead. */

import { ShaderError } from '../../base/errors.ts';
import type { Device } from '../../tensor/device.ts';
import { type ShaderEntry, type ShaderModule, type Specialization, specialize } from './shader.ts';

/** Everything that makes one pipeline different from another. */
export interface PipelineSpec {
  readonly key: string;
  readonly label: string;
  readonly shader: ShaderModule;
  readonly entry: string;
  readonly specialization: Specialization;
}

export interface Pipeline {
  readonly id: number;
  readonly gpu: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

export function pipelineSpec(
  shader: ShaderModule,
  entry: string,
  specialization: Specialization,
): PipelineSpec {
  const key = `${shader.name}/${entry}/${JSON.stringify(specialization)}`;
  return { key, label: `${shader.name}.${entry}`, shader, entry, specialization };
}

function layoutEntries(entry: ShaderEntry): GPUBindGroupLayoutEntry[] {
  const visibility = GPUShaderStage.COMPUTE;
  const storages = entry.bindings.map(({ binding, access }) => ({
    binding,
    visibility,
    buffer: { type: access === 'read' ? ('read-only-storage' as const) : ('storage' as const) },
  }));
  if (!entry.params) return storages;
  return [...storages, { binding: entry.params.binding, visibility, buffer: { type: 'uniform' as const } }];
}

export class PipelineCache {
  readonly #device: Device;
  readonly #ready = new Map<string, Pipeline>();
  readonly #compiling = new Map<string, Promise<Pipeline>>();
  readonly #modules = new Map<string, GPUShaderModule>();
  readonly #layouts = new Map<string, GPUBindGroupLayout>();

  constructor(device: Device) {
    this.#device = device;
  }

  /** The pipeline, compiled now if it was not before. */
  get(spec: PipelineSpec): Pipeline {
    const ready = this.#ready.get(spec.key);
    if (ready) return ready;
    const { descriptor, layout } = this.#describe(spec);
    return this.#add(spec, this.#device.gpu.createComputePipeline(descriptor), layout);
  }

  /**
   * Compiles those not yet compiled, in parallel.
   * @returns those it compiled, each once
   * @throws ShaderError with the compiler's messages
   */
  async prepare(specs: readonly PipelineSpec[]): Promise<PipelineSpec[]> {
    const missing = specs.filter((spec) => !this.#ready.has(spec.key));
    const distinct = [...new Map(missing.map((spec) => [spec.key, spec])).values()];
    await Promise.all(distinct.map((spec) => this.#compile(spec)));
    return distinct;
  }

  #compile(spec: PipelineSpec): Promise<Pipeline> {
    const running = this.#compiling.get(spec.key);
    if (running) return running;
    const started = this.#compileNow(spec).finally(() => this.#compiling.delete(spec.key));
    this.#compiling.set(spec.key, started);
    return started;
  }

  async #compileNow(spec: PipelineSpec): Promise<Pipeline> {
    const { descriptor, layout } = this.#describe(spec);
    try {
      const compiling = this.#device.gpu.createComputePipelineAsync(descriptor);
      return this.#add(spec, await this.#device.wait(compiling), layout);
    } catch (error) {
      throw new ShaderError(`${spec.label} did not compile: ${await this.#messages(spec, error)}`);
    }
  }

  #add(spec: PipelineSpec, gpu: GPUComputePipeline, layout: GPUBindGroupLayout): Pipeline {
    const pipeline = { id: this.#ready.size, gpu, layout };
    this.#ready.set(spec.key, pipeline);
    return pipeline;
  }

  #describe(spec: PipelineSpec): { descriptor: GPUComputePipelineDescriptor; layout: GPUBindGroupLayout } {
    const entry = spec.shader.entries[spec.entry];
    if (!entry) throw new ShaderError(`${spec.shader.name}.wgsl has no entry point "${spec.entry}".`);
    const layout = this.#layout(entry);
    const gpu = this.#device.gpu;
    const constants = { ...spec.specialization.overrides };
    const descriptor = {
      label: spec.label,
      layout: gpu.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module: this.#module(spec), entryPoint: spec.entry, constants },
    };
    return { descriptor, layout };
  }

  #module(spec: PipelineSpec): GPUShaderModule {
    const code = specialize(spec.shader, spec.specialization);
    const module =
      this.#modules.get(code) ?? this.#device.gpu.createShaderModule({ code, label: spec.shader.name });
    this.#modules.set(code, module);
    return module;
  }

  #layout(entry: ShaderEntry): GPUBindGroupLayout {
    const entries = layoutEntries(entry);
    const key = entries.map((e) => `${e.binding}${e.buffer?.type}`).join(' ');
    const layout = this.#layouts.get(key) ?? this.#device.gpu.createBindGroupLayout({ entries });
    this.#layouts.set(key, layout);
    return layout;
  }

  async #messages(spec: PipelineSpec, error: unknown): Promise<string> {
    const { messages } = await this.#module(spec).getCompilationInfo();
    const text = specialize(spec.shader, spec.specialization).split('\n');
    // Lines are those of the text with its includes, which is in no file.
    const lines = messages.map(({ lineNum, linePos, message }) => {
      const line = text[lineNum - 1]?.trim() ?? '';
      return `${spec.shader.name}.wgsl:${lineNum}:${linePos} ${message}${line && `: ${line}`}`;
    });
    return lines.length ? lines.join('\n') : String(error);
  }
}
