/** @file The launches of a train step as a described device would get them, and the pipelines that they need. */
import { type ConfigName, type NetworkSizes, sizesOf, trainStep } from '../../bench/network.ts';
import { OutOfMemoryError, ShapeError } from '../../src/base/errors.ts';
import type { PipelineSpec } from '../../src/kernels/launch/pipeline.ts';
import type { Launch } from '../../src/kernels/launch/queue.ts';
import { type ShaderEntry, specialize } from '../../src/kernels/launch/shader.ts';
import type { Caps } from '../../src/tensor/caps.ts';
import { describedDevice, type MemoryLimits } from './described.ts';
import { type PrecisionName, precisions } from './precisions.ts';
import { invocationsOf, roundDepthOf } from './source.ts';

/** A pipeline to compile. */
export interface Job {
  /** Shader, entry point and what is set in them. */
  readonly name: string;
  readonly code: string;
  readonly entry: string;
  readonly constants: Readonly<Record<string, number>>;
  readonly bindings: ShaderEntry['bindings'];
  /** Binding of the parameter block. */
  readonly params: number | null;
  /** In a workgroup. */
  readonly invocations: number;
  /** Terms of a product's sums in a round. */
  readonly roundDepth: number;
}

/** What one launch of a step does. */
export interface StepLaunch {
  readonly label: string;
  /** Name of its pipeline. */
  readonly pipeline: string;
  readonly grid: readonly [number, number, number];
  readonly params: Readonly<Record<string, number>>;
  readonly slices: readonly { readonly name: string; readonly writes: boolean; readonly bytes: number }[];
}

export interface StepRecord {
  readonly network: ConfigName;
  readonly precision: PrecisionName;
  /** Images, as many as the device's limits allow. */
  readonly batch: number;
  readonly plannedBytes: number;
  readonly launches: readonly StepLaunch[];
}

export interface Recorded {
  readonly step: StepRecord;
  readonly jobs: readonly Job[];
}

/** `conv2d.gemm4/main TRANSPOSED=1 E4=vec4<f32>` */
function nameOf({ shader, entry, specialization }: PipelineSpec): string {
  const { overrides, consts, aliases } = specialization;
  const set = [overrides, consts, aliases].flatMap((values) => Object.entries(values ?? {}));
  return [`${shader.name}/${entry}`, ...set.map(([name, value]) => `${name}=${value}`)].join(' ');
}

export function jobOf(spec: PipelineSpec): Job {
  const { shader, entry, specialization } = spec;
  const { bindings, params } = shader.entries[entry]!;
  const constants = { ...specialization.overrides };
  const code = specialize(shader, specialization);
  const [invocations, roundDepth] = [invocationsOf(code, entry, constants), roundDepthOf(code)];
  const binding = params?.binding ?? null;
  return { name: nameOf(spec), code, entry, constants, bindings, params: binding, invocations, roundDepth };
}

/** Scalars of a parameter block by name, from where `packParams` puts them. */
function paramsOf({ params, pipeline: { shader, entry } }: Launch): Record<string, number> {
  const fields = shader.entries[entry]!.params?.fields ?? {};
  if (!params) return {};
  const view = new DataView(params.bytes.buffer, params.bytes.byteOffset, params.bytes.byteLength);
  let end = 0;
  const scalars = Object.entries(fields).flatMap(([name, type]): [string, number][] => {
    const size = 4 * Number(/^vec(\d)/.exec(type)?.[1] ?? 1);
    const offset = Math.ceil(end / size) * size;
    end = offset + size;
    if (size > 4) return [];
    if (type === 'f32') return [[name, view.getFloat32(offset, true)]];
    return [[name, type === 'i32' ? view.getInt32(offset, true) : view.getUint32(offset, true)]];
  });
  return Object.fromEntries(scalars);
}

function launchOf(launch: Launch): StepLaunch {
  const { label, pipeline, grid, slices } = launch;
  const { bindings } = pipeline.shader.entries[pipeline.entry]!;
  const bound = slices.map(({ writes, size }, i) => ({ name: bindings[i]!.name, writes, bytes: size }));
  return { label, pipeline: nameOf(pipeline), grid, params: paramsOf(launch), slices: bound };
}

/** No matrix units. */
const NONE: Caps['matrices'] = null;

async function recordSizes(
  caps: Caps,
  limits: MemoryLimits,
  sizes: NetworkSizes,
  name: PrecisionName,
): Promise<{ launches: Launch[]; plannedBytes: number }> {
  const { precision, variants, matrices } = precisions[name];
  const offered = matrices ? caps : { ...caps, matrices: NONE };
  const device = describedDevice(offered, limits, { variants });
  const { captured } = await trainStep(device, sizes, precision);
  const launches = captured.launches.map(({ launch }) => launch);
  return { launches, plannedBytes: captured.memory.plannedBytes };
}

/** Whether the device would take fewer images: none of its buffers, or none of its bindings, holds so many. */
const isTooLarge = (error: unknown): boolean =>
  error instanceof OutOfMemoryError ||
  (error instanceof ShapeError && error.problem.includes('bytes; this adapter takes'));

/**
 * Records a train step, of the largest batch that the device's limits allow.
 * @throws OutOfMemoryError or ShapeError where not even one image fits
 */
export async function recordStep(
  caps: Caps,
  limits: MemoryLimits,
  network: ConfigName,
  precision: PrecisionName,
): Promise<Recorded> {
  const all = sizesOf(network, false);
  for (const [i, sizes] of all.entries()) {
    try {
      const { launches, plannedBytes } = await recordSizes(caps, limits, sizes, precision);
      const specs = new Map(launches.map(({ pipeline }) => [pipeline.key, pipeline]));
      const rows = launches.map(launchOf);
      const step = { network, precision, batch: sizes.batch, plannedBytes, launches: rows };
      return { step, jobs: [...specs.values()].map(jobOf) };
    } catch (error) {
      if (!isTooLarge(error) || i === all.length - 1) throw error;
    }
  }
  throw new Error(`${network} has no sizes.`);
}
