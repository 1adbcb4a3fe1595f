/** @file Reads the golden files of tools/goldens, in Node and in the browser. */

/** A decoded tensor; channels-last, as tools/goldens/README.md says. */
export interface GoldenTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>;
}

export type GoldenTensors = Readonly<Record<string, GoldenTensor>>;
export type GoldenAttributes = Readonly<Record<string, number | boolean | readonly number[]>>;

/** One op on one set of inputs; `grads` are the gradients of Σ y·dy by input name, empty where there are none. */
export interface GoldenCase {
  readonly op: string;
  readonly attrs: GoldenAttributes;
  readonly inputs: GoldenTensors;
  readonly outputs: GoldenTensors;
  readonly dy: GoldenTensors;
  readonly grads: GoldenTensors;
}

/** The U-Net's training run; `float32Error` is torch's own error in float32, relative to the largest value. */
export interface GoldenRun {
  readonly settings: GoldenSettings;
  readonly batch: Readonly<Record<'images' | 'lines' | 'masks' | 'locations', GoldenTensor>>;
  readonly outputs: GoldenHeads;
  readonly losses: Readonly<Record<'total' | 'orientation' | 'location', readonly number[]>>;
  readonly evaluated: GoldenHeads;
  readonly withoutEffect: { readonly biases: readonly string[]; readonly runningMeans: readonly string[] };
  readonly float32Error: Readonly<Record<string, number>>;
}

export type GoldenHeads = Readonly<Record<'heatmaps' | 'location', GoldenTensor>>;

export interface GoldenSettings {
  readonly width: number;
  readonly channelsIn: number;
  readonly channelsOut: number;
  readonly sigma: number;
  readonly dropout: number;
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly steps: number;
}

export type GoldenFamily =
  | 'conv2d'
  | 'conv2dTranspose'
  | 'convGroups'
  | 'convTransposeGroups'
  | 'conv1d'
  | 'matmul'
  | 'pool'
  | 'batchNorm'
  | 'layerNorm'
  | 'groupNorm'
  | 'normalize'
  | 'sequential'
  | 'upsample'
  | 'concat'
  | 'unary'
  | 'binary'
  | 'reduce'
  | 'softmax'
  | 'softmaxAxis'
  | 'extreme'
  | 'poolWindow'
  | 'nearest'
  | 'stack'
  | 'products'
  | 'axes'
  | 'whole'
  | 'compare'
  | 'operands'
  | 'elements'
  | 'loss'
  | 'elementLoss'
  | 'logitLoss'
  | 'classLoss'
  | 'optim'
  | 'optimGroups'
  | 'schedule'
  | 'warpLabels'
  | 'intensity'
  | 'pixels'
  | 'pairs'
  | 'prelu'
  | 'places'
  | 'volume';

interface Encoded {
  readonly shape: readonly number[];
  readonly dtype: 'f32' | 'i32';
  readonly data: string;
}

type EncodedTensors = Readonly<Record<string, Encoded>>;

/** Every case of a family, decoded; `op` keeps only that op's (a family may hold several). */
export async function goldenCases(family: GoldenFamily, op?: string): Promise<GoldenCase[]> {
  const { cases } = await readJson<{ cases: readonly Record<keyof GoldenCase, never>[] }>(
    `ops/${family}.json`,
  );
  const wanted = cases.filter((one) => op === undefined || one.op === op);
  if (wanted.length === 0) throw new Error(`goldens/ops/${family}.json has no case of ${op}`);
  return wanted.map((one) => ({
    op: one.op,
    attrs: one.attrs,
    inputs: decodeAll(one.inputs),
    outputs: decodeAll(one.outputs),
    dy: decodeAll(one.dy),
    grads: decodeAll(one.grads),
  }));
}

/** The U-Net's run, decoded. */
export async function goldenRun(): Promise<GoldenRun> {
  const run = await readJson<Record<keyof GoldenRun, never>>('unet/run.json');
  return {
    settings: run.settings,
    losses: run.losses,
    withoutEffect: run.withoutEffect,
    float32Error: run.float32Error,
    batch: decodeAll(run.batch),
    outputs: decodeAll(run.outputs),
    evaluated: decodeAll(run.evaluated),
  };
}

/** The bytes of a state dict or of the gradients, a whole .safetensors file in torch's names and layouts. */
export function goldenWeights(name: 'initial' | 'gradients' | 'final'): Promise<Uint8Array<ArrayBuffer>> {
  return readGolden(`unet/${name}.safetensors`);
}

/** What a case is, in a few words for a test's name: `conv2d x[1,7,5,3] weight[3,3,3,4] stride=2`. */
export function describeCase(one: GoldenCase): string {
  const tensors = Object.entries(one.inputs).map(([name, { shape }]) => `${name}[${shape}]`);
  const attrs = Object.entries(one.attrs).map(([name, value]) => `${name}=${value}`);
  return [one.op, ...tensors, ...attrs].join(' ');
}

/** Bytes of a file under test/goldens: fetched where this module was fetched, read from disk in Node. */
export async function readGolden(path: string): Promise<Uint8Array<ArrayBuffer>> {
  // the base is a variable, so that bundlers leave the address alone
  const base = import.meta.url;
  const url = new URL(`goldens/${path}`, base);
  if (url.protocol === 'file:') {
    const { readFile } = await import('node:fs/promises');
    return new Uint8Array(await readFile(url));
  }
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: HTTP ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

async function readJson<T>(path: string): Promise<T> {
  return JSON.parse(new TextDecoder().decode(await readGolden(path))) as T;
}

function decodeAll<T extends string>(tensors: EncodedTensors): Record<T, GoldenTensor> {
  return Object.fromEntries(Object.entries(tensors).map(([name, one]) => [name, decode(one)])) as Record<
    T,
    GoldenTensor
  >;
}

function decode({ shape, dtype, data }: Encoded): GoldenTensor {
  const { buffer } = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
  return { shape, data: dtype === 'i32' ? new Int32Array(buffer) : new Float32Array(buffer) };
}
