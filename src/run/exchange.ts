/** @file Weights on their way to and from other programs: which network they are of, and what became of each. */
import { FileError } from '../base/errors.ts';
import { fromTorchNames, shapesOf, toTorchNames, unwrapped } from '../exchange/names.ts';
import { encodeNpz } from '../exchange/npz.ts';
import { decodeState } from '../exchange/statefile.ts';
import { expectFinite, misfit, type StateDict, type Weight } from '../models/state.ts';
import { encodeWeights, type WeightsMetadata } from '../models/weights.ts';
import type { Shape } from '../tensor/shape.ts';
import type { Plan } from '../train/plan.ts';
import { bareInfo } from './bareweights.ts';
import { networkText, planRun } from './plan.ts';
import { describedBy, describeWeights, type WeightsInfo } from './trained.ts';

export { decodeState as readWeightsFile } from '../exchange/statefile.ts';

/** What became of the weights of a file. */
export interface ExchangeReport {
  /** As they are called in what was written. */
  readonly taken: readonly string[];
  /** Names in the file that were left, and why. */
  readonly left: ReadonlyMap<string, string>;
  /** In words: what else a name now is. */
  readonly renamed: readonly string[];
}

export interface Exchanged extends ExchangeReport {
  readonly bytes: Uint8Array;
}

/** A weights file with the network it is of. */
export interface Described {
  readonly state: StateDict;
  readonly metadata: WeightsMetadata;
  readonly info: WeightsInfo;
  readonly plan: Plan;
  /** Whether the file says so itself; else the network is read off names and shapes, and the grid of images is the paper's. */
  readonly said: boolean;
}

/** Reads weights, and finds the network they are of: what they say, or else what their names and shapes are. @throws FileError */
export async function readDescribed(bytes: Uint8Array, file: string): Promise<Described> {
  const { state, metadata } = await decodeState(bytes, file);
  const described = describedBy(metadata, file);
  if (described) return { state, metadata, ...described, said: true };
  const info = bareInfo(state, file, null);
  return { state, metadata, info, plan: planRun(info, info), said: false };
}

const COUNTER = /(^|\.)num_batches_tracked$/;

/** A count that a file does not have, as PyTorch takes it. */
const NO_BATCHES: Weight = { shape: [], values: Float32Array.of(0), integer: true };

function expectComplete(
  missing: readonly string[],
  left: ReadonlyMap<string, string>,
  file: string,
  some: boolean,
): void {
  const [first, ...others] = missing.filter((name) => !COUNTER.test(name));
  if (first === undefined) return;
  const [stray, why] = [...left][0] ?? [];
  if (!some)
    throw new FileError(
      file,
      `holds nothing that fits the network${stray === undefined ? '' : `; ${stray}: ${why}`}`,
      'Give weights of the same network, or name its run with --like.',
    );
  const more = others.length > 0 ? ` and ${others.length} more` : '';
  const cause = why === undefined ? '' : `; of its own ${left.size} are left, first ${stray}: ${why}`;
  throw new FileError(
    file,
    `lacks ${first}${more}, which the network needs${cause}`,
    'Start a training from what fits instead: finetune --init takes the file.',
  );
}

/** What fits, in the network's order. */
function fitting(state: StateDict, shapes: ReadonlyMap<string, Shape>) {
  const left = new Map<string, string>();
  for (const [name, weight] of state) {
    const problem = misfit(weight, shapes.get(name));
    if (problem) left.set(name, problem);
  }
  const fits = (name: string): Weight | undefined => (left.has(name) ? undefined : state.get(name));
  const missing = [...shapes.keys()].filter((name) => !fits(name));
  const whole = new Map([...shapes.keys()].map((name) => [name, fits(name) ?? NO_BATCHES] as const));
  return { whole, left, missing };
}

export interface ImportOptions {
  /** The run whose network it is; default: read off the names. */
  readonly like?: Pick<Described, 'info' | 'plan'>;
  /** Whose head a name is that several heads want. */
  readonly task?: string | undefined;
}

/**
 * Weights of PyTorch's names as a file of planewise's, which says what it is of.
 * @throws FileError for a broken file, where nothing fits, and where the network needs more; names entries
 * @throws ConfigError where a name fits the heads of several tasks
 */
export async function importWeights(
  bytes: Uint8Array,
  file: string,
  { like, task }: ImportOptions = {},
): Promise<Exchanged> {
  const read = await decodeState(bytes, file);
  const { state, notes } = unwrapped(read.state);
  expectFinite(state, file);
  const said = like ?? describedBy(read.metadata, file);
  const { info, plan } = said ?? bare(state, file);
  const shapes = shapesOf(plan);
  const named = fromTorchNames(state, plan, shapes, task);
  const { whole, left, missing } = fitting(named.state, shapes);
  const absent = new Set(missing);
  const some = [...shapes.keys()].some((name) => !absent.has(name) && !COUNTER.test(name));
  expectComplete(missing, left, file, some);
  const zero = missing.length > 0 ? [`${missing.length} counts num_batches_tracked are 0`] : [];
  return {
    bytes: encodeWeights(whole, describeWeights(info, info, info.steps)),
    taken: [...shapes.keys()].filter((name) => !absent.has(name)),
    left,
    renamed: [...(said ? [] : [inferredNote(info)]), ...notes, ...named.renamed, ...zero],
  };
}

/** That the file did not say what is written of it. */
function inferredNote({ model, tasks, size, spacingMm }: WeightsInfo): string {
  const heads = Object.keys(tasks).join(', ') || 'no task';
  return `By names and shapes: ${networkText(model)}, heads of ${heads}; images of ${size} px of ${spacingMm} mm are a guess. --like RUN says otherwise`;
}

function bare(state: StateDict, file: string): Pick<Described, 'info' | 'plan'> {
  const info = bareInfo(state, file, null);
  return { info, plan: planRun(info, info) };
}

/**
 * Weights under PyTorch's names: .safetensors, which also says what they are of unless names change, or .npz.
 * @throws ConfigError for a task that the weights have not
 */
export function exportState(
  { state, metadata, plan }: Described,
  format: 'safetensors' | 'npz',
  task?: string,
): Exchanged {
  const { state: named, left, renamed } = toTorchNames(state, plan, task);
  const own = renamed.length === 0 && left.size === 0 ? metadata : {};
  const bytes = format === 'npz' ? encodeNpz(named) : encodeWeights(named, own);
  return { bytes, taken: [...named.keys()], left, renamed };
}
