/** @file `planewise weights`: to and from PyTorch's names as safetensors and NumPy's .npz, and to ONNX. */
import type { Command } from 'commander';
import { ConfigError, FileError } from '../base/errors.ts';
import { plural } from '../base/words.ts';
import { expectWritable, readBytes, writeFiles } from '../data/files/files.node.ts';
import { groupBy } from '../data/lists.ts';
import type { Weight } from '../models/state.ts';
import { cardLines, readMade } from '../run/builtincard.node.ts';
import type { RunConfig } from '../run/config.ts';
import {
  type Described,
  type Exchanged,
  type ExchangeReport,
  exportState,
  importWeights,
  readDescribed,
  readWeightsFile,
} from '../run/exchange.ts';
import { exportModel } from '../run/onnx.node.ts';
import { outputsOf } from '../run/onnx.ts';
import { recipeOf, recipeText } from '../run/recipe.ts';
import { builtinWeights, readFound } from '../run/weights.node.ts';
import { Option } from './commandline.ts';
import { adapterOption, addExample, orElse } from './help.ts';
import { note, printJson, printTable } from './output.ts';

const formats = ['safetensors', 'npz', 'onnx'] as const;
type Format = (typeof formats)[number];

interface ExportArguments {
  readonly out: string;
  readonly format?: Format;
  readonly task?: string;
  readonly adapter?: NonNullable<RunConfig['adapter']>;
  readonly json?: boolean;
}

interface ImportArguments {
  readonly out: string;
  readonly like?: string;
  readonly task?: string;
  readonly json?: boolean;
}

/** The format that is asked for, or that the name says. */
function formatOf({ format, out }: ExportArguments): Format {
  const named = formats.find((one) => out.toLowerCase().endsWith(`.${one}`));
  if (format && named && format !== named)
    throw new ConfigError(`--out ${out} says ${named}, --format ${format}. Give them alike.`);
  const asked = format ?? named;
  if (asked) return asked;
  throw new ConfigError(`--out ${out} does not say a format. Give --format ${formats.join(', ')}.`);
}

/** Weights by name or path. */
async function find(path: string): Promise<{ readonly file: string; readonly bytes: Uint8Array }> {
  const { notice, ...found } = await readFound(path);
  if (notice) note(notice);
  return found;
}

async function readFile(path: string): Promise<Described & { readonly file: string }> {
  const { file, bytes } = await find(path);
  return { file, ...(await readDescribed(bytes, file)) };
}

/** Names of a reason that are told. */
const MOST_NAMED = 3;

/** What became of every weight, for the person at the terminal; or all of it as JSON. */
function tell(out: string, { taken, left, renamed }: ExchangeReport, json = false): void {
  if (json) printJson({ out, taken, left: Object.fromEntries(left), renamed });
  for (const line of renamed) note(line);
  for (const [why, own] of groupBy([...left], ([, reason]) => reason)) {
    const names = own.slice(0, MOST_NAMED).map(([name]) => name);
    note(`${own.length} left: ${names.join(', ')}${own.length > MOST_NAMED ? ', …' : ''} (${why})`);
  }
  note(`${out}: ${taken.length} of ${plural(taken.length + left.size, 'weight')}`);
}

/** A model of all heads: names are its own, so none must give way. */
async function modelOf(from: Described, { task, adapter }: ExportArguments): Promise<Exchanged> {
  if (task !== undefined)
    throw new ConfigError('--task means nothing to ONNX: each head is an output under its own name.');
  const { bytes, weights } = await exportModel(from, adapter ?? null);
  const used = new Set(weights);
  const unused = [...from.state.keys()].filter((name) => !used.has(name));
  const left = new Map(unused.map((name) => [name, 'no output depends on it'] as const));
  const renamed = outputsOf(from.plan).map(({ name, about }) => `output ${name}: ${about}`);
  return { bytes, taken: weights, left, renamed };
}

async function exportFile(path: string, given: ExportArguments): Promise<void> {
  const format = formatOf(given);
  await expectWritable(given.out);
  const from = await readFile(path);
  const made = format === 'onnx' ? await modelOf(from, given) : exportState(from, format, given.task);
  await writeFiles([{ path: given.out, bytes: made.bytes }]);
  tell(given.out, made, given.json);
}

async function importFile(path: string, { out, like, task, json }: ImportArguments): Promise<void> {
  if (!/\.safetensors$/i.test(out))
    throw new ConfigError(`--out ${out}: weights are imported as safetensors. Give a name that ends so.`);
  await expectWritable(out);
  const model = like === undefined ? undefined : await readFile(like);
  const made = await importWeights(await readBytes(path), path, { ...(model && { like: model }), task });
  await writeFiles([{ path: out, bytes: made.bytes }]);
  tell(out, made, json);
}

/** What no optimiser changes. */
const KEPT = /(^|\.)(running_mean|running_var|num_batches_tracked)$/;

/** What the file's network is, null where it is none of ours. */
async function networkOf(bytes: Uint8Array, file: string): Promise<Pick<Described, 'info' | 'said'> | null> {
  try {
    return await readDescribed(bytes, file);
  } catch (error) {
    if (error instanceof FileError) return null;
    throw error;
  }
}

async function show(path: string, { json = false }: { readonly json?: boolean }): Promise<void> {
  const { file, bytes } = await find(path);
  const { format, state, metadata } = await readWeightsFile(bytes, file);
  const { info = null, said = false } = (await networkOf(bytes, file)) ?? {};
  const rows = [...state].map(([name, { shape, integer }]: [string, Weight]) => ({ name, shape, integer }));
  const count = (own: readonly [string, Weight][]): number =>
    own.reduce((sum, [, { values }]) => sum + values.length, 0);
  const parameters = count([...state].filter(([name]) => !KEPT.test(name)));
  const recipe = recipeOf(metadata, file);
  if (json)
    return printJson({
      ...{ file, format, parameters, network: info, said, recipe: recipe?.given ?? null },
      weights: rows,
    });
  printTable(
    [
      { title: 'NAME', cell: ({ name }: (typeof rows)[number]) => name },
      { title: 'SHAPE', cell: ({ shape }) => shape.join('×') || '1' },
      { title: 'TYPE', cell: ({ integer }) => (integer ? 'int' : 'float') },
    ],
    rows,
  );
  note(`${file}: ${format}, ${plural(rows.length, 'weight')}, ${parameters.toLocaleString('en')} parameters`);
  if (!info) return note('No network that planewise knows.');
  const { model, tasks, size, spacingMm, steps } = info;
  const names = Object.keys(tasks).join(', ');
  if (!said)
    return note(`${JSON.stringify(model)}, heads of ${names}, by names and shapes: the file does not say`);
  note(`${JSON.stringify(model)}, tasks ${names}, after ${plural(steps, 'step')}`);
  note(`images of ${size} × ${size} pixels of ${spacingMm} mm`);
  if (recipe && path === builtinWeights)
    for (const line of cardLines(recipe, bytes, await readMade())) note(line);
  else if (recipe) note(`pretrained on ${recipeText(recipe)}`);
}

export function addWeights(program: Command): void {
  const weights = program
    .command('weights')
    .description('weights to and from other programs: PyTorch’s names as safetensors or .npz, ONNX models');
  addExample(weights, 'weights show builtin');
  const task = [
    '--task <name>',
    orElse('whose head gets the name that the heads of several tasks have in PyTorch', 'none of several'),
  ] as const;
  addExample(weights.command('export'), 'weights export runs/first --out first.npz')
    .description('write weights as safetensors or .npz under PyTorch’s names, or the network as ONNX')
    .argument('<weights>', 'the folder of a run, a weights file, or builtin: those in the package')
    .requiredOption('--out <file>', 'where to: .safetensors, .npz or .onnx')
    .addOption(
      new Option('--format <name>', orElse('what to write', 'by the ending of --out')).choices(formats),
    )
    .option(...task)
    .addOption(adapterOption('of ONNX: what to trace the network on'))
    .option('--json', 'print JSON')
    .action(exportFile);
  addExample(weights.command('import'), 'weights import first.npz --out first.safetensors')
    .description('make a weights file of planewise’s from safetensors or .npz under PyTorch’s names')
    .argument('<file>', '.safetensors, or .npz of numpy.savez')
    .requiredOption('--out <file>', 'where to: .safetensors')
    .option('--like <run>', orElse('a run, or weights, of the same network', 'read off names and shapes'))
    .option(...task)
    .option('--json', 'print JSON')
    .action(importFile);
  addExample(weights.command('show'), 'weights show builtin')
    .description('print names, shapes and what the weights say about themselves')
    .argument('<weights>', 'the folder of a run, .safetensors, .npz, or builtin: those in the package')
    .option('--json', 'print JSON')
    .action(show);
}
