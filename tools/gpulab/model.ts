/**
 * @file A model of a step's time, never a measurement: each launch takes as long as the dearest of what bounds it, and
 * launches follow one another.
 *
 * A product: (a) its rounds, by the instructions that the compiler made of one; a unit issues one instruction a lane and
 * cycle, and with few workgroups some units idle. (b) Its chain: a workgroup alone waits for memory once a round. (c) Its
 * tiles from the shared cache. (d) Its bytes from memory. Anything else: bytes, or as many as loads in flight can bring.
 */
import type { StepLaunch } from './record.ts';
import type { Hardware } from './targets.ts';
import { type ProductWork, workOf } from './work.ts';

/** What is known of a launch's pipeline on the device. */
export interface Pipeline {
  /** In a workgroup. */
  readonly invocations: number;
  /** Terms of the sums in a round, as the shader says it. */
  readonly roundDepth: number;
  /** What an invocation issues for a round, where the code was counted. */
  readonly round: { readonly slots: number; readonly multiplyAdds: number; readonly hmma: number } | null;
}

export type Bound = 'issue' | 'matrices' | 'chain' | 'cache' | 'memory' | 'in flight';

export interface LaunchTime {
  readonly seconds: number;
  readonly bound: Bound;
}

/** Of a tile that nobody counted: 64 by 64 results. */
const TILE = 64 * 64;
/** Share of the peak that is reached where the code was not counted. */
const ASSUMED = 0.6;
/** Bytes of a load. */
const VEC4 = 16;

/** Loads that an invocation has in flight, as the shaders are written; of others one. */
const inFlight: readonly (readonly [pipeline: RegExp, loads: number])[] = [
  [/^batchNorm\/statistics|^batchNorm\.grad\/gradientSums|\.(finish|strips)\//, 4],
  [/^batchNorm\.pool\/forward/, 4],
  [/^batchNorm\.pool\//, 9],
  [/^elementLoss/, 2],
  [/^winograd4\./, 16],
  [/^winograd2\./, 8],
];

const groupsOf = ({ grid: [x, y, z] }: StepLaunch): number => x * y * z;

function productTimes(
  launch: StepLaunch,
  { flop, depth, results }: ProductWork,
  { invocations, roundDepth, round }: Pipeline,
  { units, lanes, clock, cache, latency, matrices }: Hardware,
): Partial<Record<Bound, number>> {
  const groups = groupsOf(launch);
  const rounds = Math.max(1, depth / roundDepth);
  const multiplyAdds = round?.multiplyAdds ?? (TILE * roundDepth) / invocations;
  const onMatrices = round ? round.hmma > 0 : /\.matrix\//.test(launch.pipeline);
  const peak = units * lanes * clock;
  const slots = round?.slots ?? (multiplyAdds / ASSUMED) * (onMatrices ? peak / matrices : 1);
  const mostOnAUnit = Math.ceil(groups / units) * invocations;
  const issue = (mostOnAUnit * rounds * slots) / Math.min(lanes, mostOnAUnit) / clock;
  const chain = rounds * (slots / clock + latency);
  const element = /f16|\.matrix/.test(launch.pipeline) ? 2 : 4;
  // tiles as square as their number of results allows
  const side = Math.sqrt(results / groups);
  const times = { issue, chain, cache: ((flop / side) * element) / cache };
  return onMatrices ? { ...times, matrices: flop / 2 / matrices } : times;
}

/** Modelled time of a launch on a device. */
export function timeOf(launch: StepLaunch, pipeline: Pipeline, hardware: Hardware): LaunchTime {
  const { product, bytes } = workOf(launch);
  const memory = bytes / hardware.memory;
  const loads = inFlight.find(([name]) => name.test(launch.pipeline))?.[1] ?? 1;
  const threads = Math.min(groupsOf(launch) * pipeline.invocations, hardware.units * hardware.resident);
  const times: Partial<Record<Bound, number>> = product
    ? { memory, ...productTimes(launch, product, pipeline, hardware) }
    : { memory, 'in flight': (bytes * hardware.latency) / (threads * loads * VEC4) };
  const [bound, seconds] = Object.entries(times).reduce((most, one) => (one[1] > most[1] ? one : most));
  return { seconds: seconds + hardware.launch, bound: bound as Bound };
}

/** All launches of one label. */
export interface KernelTime {
  readonly label: string;
  readonly launches: number;
  readonly ms: number;
  /** What bounds most of it. */
  readonly bound: Bound;
}

export interface StepModel {
  readonly ms: number;
  /** Operations of the products, in 10⁹, and bytes of all launches, in 10⁹. */
  readonly gflop: number;
  readonly gbytes: number;
  /** The dearest first. */
  readonly kernels: readonly KernelTime[];
}

/** Modelled time of a step on a device, by kernel. */
export function modelOf(
  launches: readonly StepLaunch[],
  pipelineOf: (key: string) => Pipeline,
  hardware: Hardware,
): StepModel {
  const byLabel = new Map<string, { launches: number; bounds: Map<Bound, number> }>();
  for (const launch of launches) {
    const { seconds, bound } = timeOf(launch, pipelineOf(launch.pipeline), hardware);
    const row = byLabel.get(launch.label) ?? { launches: 0, bounds: new Map() };
    row.bounds.set(bound, (row.bounds.get(bound) ?? 0) + 1e3 * seconds);
    byLabel.set(launch.label, { launches: row.launches + 1, bounds: row.bounds });
  }
  const kernels = [...byLabel].map(([label, row]): KernelTime => {
    const bounds = [...row.bounds].sort(([, a], [, b]) => b - a);
    return {
      label,
      launches: row.launches,
      ms: bounds.reduce((sum, [, ms]) => sum + ms, 0),
      bound: bounds[0]![0],
    };
  });
  const works = launches.map(workOf);
  return {
    ms: kernels.reduce((sum, { ms }) => sum + ms, 0),
    gflop: works.reduce((sum, { product }) => sum + (product?.flop ?? 0), 0) / 1e9,
    gbytes: works.reduce((sum, { bytes }) => sum + bytes, 0) / 1e9,
    kernels: kernels.sort((a, b) => b.ms - a.ms),
  };
}

/** How many products fill a device: at least a workgroup a unit. */
export interface Width {
  readonly products: number;
  readonly filling: number;
  /** Workgroups of the smallest. */
  readonly least: number;
}

export function widthOf(launches: readonly StepLaunch[], { units }: Hardware): Width {
  const groups = launches.filter((launch) => workOf(launch).product).map(groupsOf);
  const filling = groups.filter((count) => count >= units).length;
  return { products: groups.length, filling, least: Math.min(...groups) };
}
