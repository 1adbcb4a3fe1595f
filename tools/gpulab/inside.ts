/**
 * @file The program that runs in the root, where drivers compile for a GPU that is not there: opens the device as the
 * engine does, records the steps for its abilities and makes every pipeline. What Dawn says goes to a file, what the
 * driver says (layer/layer.c) to another, one job a marker.
 */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { create, globals } from 'webgpu';
import type { ConfigName } from '../../bench/network.ts';
import { type Caps, hasStackedMemory } from '../../src/tensor/caps.ts';
import { deviceFrom } from '../../src/tensor/device.ts';
import { type PrecisionName, precisions } from './precisions.ts';
import { type Job, recordStep, type StepRecord } from './record.ts';

export interface Request {
  /** The card that the chip is modelled as, whose name the driver of a device that is not there does not tell. */
  readonly card: string;
  readonly networks: readonly ConfigName[];
  readonly precisions: readonly PrecisionName[];
  /** Dawn's, switched on. */
  readonly toggles: readonly string[];
  /** Pipelines to compile besides those of the steps. */
  readonly jobs: readonly Job[];
}

export interface Compiled extends Pick<Job, 'name' | 'invocations' | 'roundDepth'> {
  readonly error: string | null;
}

export interface Answer {
  readonly adapter: string;
  readonly driver: string;
  readonly caps: Caps;
  readonly steps: readonly StepRecord[];
  /** Networks that do not fit, precisions that the device has not, and why. */
  readonly skipped: readonly string[];
  /** What was compiled, in the order of the markers, and what Dawn said of those that it refused. */
  readonly jobs: readonly Compiled[];
}

const lacks = (caps: Caps, name: PrecisionName): string | undefined => {
  if (precisions[name].precision === 'mixed' && !caps.f16) return 'no shader-f16';
  if (name === 'half' && !caps.matrices) return 'no matrix units to do without';
  return undefined;
};

const textOf = ({ code, entry, constants }: Job): string => JSON.stringify([code, entry, constants]);

async function recordAll(caps: Caps, limits: GPUSupportedLimits, request: Request) {
  const [steps, skipped]: [StepRecord[], string[]] = [[], []];
  const jobs = new Map<string, Job>();
  for (const precision of request.precisions) {
    const why = lacks(caps, precision);
    if (why) skipped.push(`${precision}: ${why}`);
    for (const network of why ? [] : request.networks) {
      const recorded = await recordStep(caps, limits, network, precision);
      steps.push(recorded.step);
      for (const job of recorded.jobs) jobs.set(job.name, job);
    }
  }
  // What a step has as well is compiled once: Dawn would not ask the driver again.
  const known = new Set([...jobs.values()].map(textOf));
  const others = request.jobs.filter((job) => !known.has(textOf(job)));
  return { steps, skipped, jobs: [...jobs.values(), ...others] };
}

function layoutOf(gpu: GPUDevice, { bindings, params }: Job): GPUPipelineLayout {
  const visibility = GPUShaderStage.COMPUTE;
  const entries: GPUBindGroupLayoutEntry[] = bindings.map(({ binding, access }) => {
    return { binding, visibility, buffer: { type: access === 'read' ? 'read-only-storage' : 'storage' } };
  });
  if (params !== null) entries.push({ binding: params, visibility, buffer: { type: 'uniform' } });
  return gpu.createPipelineLayout({ bindGroupLayouts: [gpu.createBindGroupLayout({ entries })] });
}

/** Compiles one pipeline; what Dawn has against it, if anything. */
async function compile(gpu: GPUDevice, job: Job): Promise<string | null> {
  for (const filter of ['validation', 'internal'] as const) gpu.pushErrorScope(filter);
  const module = gpu.createShaderModule({ code: job.code });
  const { entry: entryPoint, constants } = job;
  gpu.createComputePipeline({ layout: layoutOf(gpu, job), compute: { module, entryPoint, constants } });
  const errors = [await gpu.popErrorScope(), await gpu.popErrorScope()].filter((error) => error !== null);
  return errors.length > 0 ? errors.map(({ message }) => message.split('\n', 1)[0]).join(' ') : null;
}

async function main([requestFile, answerFile, driverFile]: readonly string[]): Promise<void> {
  Object.assign(globalThis, globals);
  const request = JSON.parse(readFileSync(requestFile!, 'utf8')) as Request;
  // Matrices are among what Dawn calls unsafe; `precisions` says which steps are offered them.
  const instance = create([`enable-dawn-features=${['allow_unsafe_apis', ...request.toggles].join()}`]);
  const adapter = await instance.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw new Error('The driver gives Dawn no adapter.');
  const opened = await deviceFrom(adapter);
  const { gpu } = opened;
  const caps = { ...opened.caps, stackedMemory: hasStackedMemory(request.card) };
  const { steps, skipped, jobs } = await recordAll(caps, gpu.limits, request);
  writeFileSync(driverFile!, '');
  const compiled: Compiled[] = [];
  for (const [number, job] of jobs.entries()) {
    appendFileSync(driverFile!, `#job ${number}\n`);
    const { name, invocations, roundDepth } = job;
    compiled.push({ name, invocations, roundDepth, error: await compile(gpu, job) });
  }
  const { vendor, architecture, device, description } = adapter.info;
  const answer: Answer = {
    adapter: [vendor, architecture, device].filter(Boolean).join(' '),
    driver: description,
    caps,
    steps,
    skipped,
    jobs: compiled,
  };
  writeFileSync(answerFile!, JSON.stringify(answer));
}

// Not to be run to its end: what closes a device that is not there may fail.
main(process.argv.slice(2)).then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error instanceof Error ? error.stack : error);
    process.exit(1);
  },
);
