/** @file Weights that a training starts from: which of them a network takes, and what became of each. */
import { ConfigError } from '../base/errors.ts';
import { crc32, textChecksum } from '../base/hash.ts';
import { groupBy } from '../data/lists.ts';
import { Declarations } from '../models/declare.ts';
import type { HeadedNetwork } from '../models/headed.ts';
import { misfit, type StateDict, torchShape, type Weight } from '../models/state.ts';
import { type Shape, sameShape } from '../tensor/shape.ts';
import { shapesOf } from './network.ts';
import type { Plan } from './plan.ts';
import type { TrainConfig } from './settings.ts';

/** What became of every weight, in the run's folder. */
export const initFile = 'init.json';

/** Where a file has the heads of a task. */
export interface TaskHeads {
  readonly task: string;
  readonly paths: readonly string[];
}

/** The heads of a plan. */
export const taskHeads = ({ tasks }: Plan): TaskHeads[] =>
  tasks.map(({ task, part }) => ({ task: task.name, paths: part.heads.map(({ path }) => path) }));

/** Weights to start from, of any origin. */
export interface InitialWeights {
  /** What messages call the file. */
  readonly file: string;
  readonly state: StateDict;
  /** Where the file says which tasks it was trained on; of others every name stands for itself. */
  readonly heads?: readonly TaskHeads[];
}

/** What a training took over. */
export interface InitReport {
  readonly file: string;
  readonly checksum: string;
  /** The network's names. */
  readonly loaded: readonly string[];
  /** Names in the file that were not taken, and why. */
  readonly skipped: ReadonlyMap<string, string>;
  /** Of these, those of colour images that were summed over the channels, which gives a grey image the same answer. */
  readonly summed?: readonly string[];
  /** Weights of the network that the file does not fill: they begin as they were drawn. */
  readonly fresh: readonly string[];
  /** Of the weights that a file could fill, how many it does: those of the whole network but its heads, or of its encoder alone. */
  readonly body: {
    readonly parts: TrainConfig['initParts'];
    readonly filled: number;
    readonly of: number;
  };
}

/** Identifies weights by their names, shapes and values, in whatever file and order they come. */
export function weightsChecksum(state: StateDict): string {
  const words = [...state].map(([name, { shape, values }]) => {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    return [name, shape, crc32(bytes)] as const;
  });
  return textChecksum(JSON.stringify(words.sort(([a], [b]) => (a < b ? -1 : 1))));
}

interface Renamed {
  readonly name: string;
  readonly problem?: string;
}

/** What a name of the file is called in the network: heads stand where the plan has those of their task. */
function renaming({ heads = [] }: InitialWeights, { tasks }: Plan): (name: string) => Renamed {
  const places = heads.flatMap(({ task, paths }) => {
    const own = tasks.find((planned) => planned.task.name === task)?.part.heads;
    return paths.map((path, i) => ({ task, path, to: own?.[i]?.path }));
  });
  return (name) => {
    const place = places.find(({ path }) => name.startsWith(`${path}.`));
    if (!place) return { name };
    if (place.to === undefined) return { name, problem: `it is of the head of task ${place.task}` };
    return { name: place.to + name.slice(place.path.length) };
  };
}

/** The weights that may be taken, by the network's names, and why the others may not. */
function chosen(init: InitialWeights, plan: Plan, parts: TrainConfig['initParts']) {
  const rename = renaming(init, plan);
  const state = new Map<string, Weight>();
  const skipped = new Map<string, string>();
  for (const [from, weight] of init.state) {
    const { name, problem } = rename(from);
    if (problem) skipped.set(from, problem);
    else if (parts === 'encoder' && !plan.backbone.encoder(name))
      skipped.set(from, 'it is not of the encoder');
    else state.set(name, weight);
  }
  return { state, skipped };
}

/** A weight [out, in, height, width] summed over `in`. */
function summedOverChannels({ shape, values }: Weight): Weight {
  const [out, channels, height, width] = shape as [number, number, number, number];
  const area = height * width;
  const sums = new Float32Array(out * area);
  for (const [i, value] of values.entries())
    sums[Math.floor(i / (channels * area)) * area + (i % area)]! += value;
  return { shape: [out, 1, height, width], values: sums };
}

/** Fits the first convolution of a network of colour images to grey ones, where that is all that keeps it from fitting. */
function withGreyStem(state: Map<string, Weight>, plan: Plan): string[] {
  const { stem } = plan.backbone;
  const weight = stem === undefined ? undefined : state.get(stem);
  if (stem === undefined || weight?.shape.length !== 4) return [];
  const grey = summedOverChannels(weight);
  if (weight.shape[1] === 1 || misfit(grey, shapesOf(plan).get(stem))) return [];
  state.set(stem, grey);
  return [`${stem} [${weight.shape}] as [${grey.shape}]`];
}

function bodyOf(
  names: readonly string[],
  filled: ReadonlySet<string>,
  plan: Plan,
  parts: TrainConfig['initParts'],
): InitReport['body'] {
  const heads = taskHeads(plan).flatMap(({ paths }) => paths);
  const body = names.filter((name) =>
    parts === 'encoder' ? plan.backbone.encoder(name) : !heads.some((path) => name.startsWith(`${path}.`)),
  );
  return { parts, filled: body.filter((name) => filled.has(name)).length, of: body.length };
}

function expectFrozenLoaded({ file, loaded, fresh }: InitReport, { backbone }: Plan): void {
  const missing = fresh.filter((name) => backbone.encoder(name));
  if (missing.length === 0 && loaded.some((name) => backbone.encoder(name))) return;
  throw new ConfigError(
    `freeze is encoder, but ${file} does not fill it: ${missing.length} of its weights are not there or do not fit, first ${missing[0]}. Give weights of the same network, or freeze nothing.`,
  );
}

/** Shapes of a backbone's parameters by PyTorch's names, whatever heads there are. */
function backboneShapes({ declare }: Plan['backbone']): Map<string, Shape> {
  const at = new Declarations();
  declare(at, new Set(['centre']));
  return new Map(
    [...at.parameters].map(({ name, shape, torchAxes }) => [name, torchShape(shape, torchAxes)]),
  );
}

/** Whether the encoder of a network takes over any weight of a file: else `startFrom` refuses it. */
export function fitsEncoder(state: StateDict, backbone: Plan['backbone']): boolean {
  const { encoder, stem } = backbone;
  return [...backboneShapes(backbone)].some(([name, shape]) => {
    const weight = state.get(name);
    // of colour images, see withGreyStem
    const grey = name === stem && weight?.shape.length === 4 && sameShape(shape, weight.shape.with(1, 1));
    return encoder(name) && (grey || !misfit(weight, shape));
  });
}

/** What is learnt beside the encoder is small or made for it: to begin from that alone would be to begin from scratch, unnoticed. */
function expectAny(
  { file, state }: InitialWeights,
  { loaded, skipped }: InitReport,
  network: HeadedNetwork,
  { encoder }: Plan['backbone'],
): void {
  if (loaded.some((name) => encoder(name) && network.parameters.has(name))) return;
  const [name, problem] = [...skipped].find(([own]) => encoder(own)) ?? [...skipped][0] ?? ['', ''];
  throw new ConfigError(
    `init ${file}: none of its ${state.size} weights fits this network's encoder${name && `; ${name}: ${problem}`}. Give weights of the same model and width.`,
  );
}

/**
 * Loads what fits by name and shape.
 * @throws ConfigError where nothing does, or where a part that is to be frozen is not filled
 */
export function startFrom(
  init: InitialWeights,
  network: HeadedNetwork,
  plan: Plan,
  { initParts, freeze }: Pick<TrainConfig, 'initParts' | 'freeze'>,
): InitReport {
  const { state, skipped } = chosen(init, plan, initParts);
  const summed = withGreyStem(state, plan);
  const report = network.loadCompatible(state);
  const filled = new Set(report.loaded);
  const names = [...network.stateDict().keys()];
  const all: InitReport = {
    file: init.file,
    checksum: weightsChecksum(init.state),
    loaded: report.loaded,
    ...(summed.length > 0 && { summed }),
    skipped: new Map([...report.skipped, ...skipped]),
    fresh: names.filter((name) => !filled.has(name)),
    body: bodyOf(names, filled, plan, initParts),
  };
  expectAny(init, all, network, plan.backbone);
  if (freeze === 'encoder') expectFrozenLoaded(all, plan);
  return all;
}

/** What became of every weight, as JSON; of the file its name, for paths stay. */
export const initRecord = ({ file, skipped, ...report }: InitReport): object => ({
  file: file.slice(file.search(/[^/\\]*$/)),
  ...report,
  skipped: Object.fromEntries(skipped),
});

/** Names that a line of the terminal has room for. */
const MOST_NAMED = 3;

const named = (names: readonly string[]): string =>
  names.length > MOST_NAMED ? `${names.slice(0, MOST_NAMED).join(', ')}, …` : names.join(', ');

/** For the terminal: counts, reasons and the first names of each. */
export function initLines({ file, loaded, summed = [], skipped, fresh }: InitReport): string[] {
  const reasons = [...groupBy([...skipped], ([, problem]) => problem)];
  return [
    `Start: ${loaded.length} of ${loaded.length + skipped.size} weights of ${file} are taken over`,
    ...summed.map((words) => `  of colour images, summed over the channels: ${words}`),
    ...reasons.map(
      ([problem, own]) => `  ${own.length} left: ${named(own.map(([name]) => name))} (${problem})`,
    ),
    ...(fresh.length > 0 ? [`  ${fresh.length} of the network begin as drawn: ${named(fresh)}`] : []),
  ];
}
