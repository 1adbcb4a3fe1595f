/** @file Makes the weights in the package from builtin/config.json, and writes what their card says of them: `npm run builtin`. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'builtin');
const card = join(root, 'docs', 'builtin-weights.md');
const weightsName = 'weights.safetensors';

/** The most that the package carries, bytes. */
export const MOST_BYTES = 8_000_000;

/** The first steps of the recipe, on so few subjects that a test can make them again. */
export const beginning = { subjects: 6, steps: 3 };

const usage = `npm run builtin -- [options]
  --out <folder>      of the run, which is gone on with where it was stopped (default: runs/builtin)
  --to <folder>       where the weights go (default: builtin, and the card is written too)
  --steps <count>     fewer steps, to try the command
  --subjects <count>  fewer subjects, to try the command`;

/** A configuration with so many subjects and steps. */
export const shortened = (config, { subjects = config.phantom.subjects, steps = config.steps }) => ({
  ...config,
  steps,
  phantom: { ...config.phantom, subjects },
});

const mark = { from: '<!-- made by npm run builtin -->', to: '<!-- end of what npm run builtin made -->' };

const value = ({ unit, digits }, number) =>
  number === null ? '–' : `${number.toFixed(digits)}${unit}`.replace('-', '−');

/** The part of the card that follows from the file. @param steps that the recipe has @param made see Made in src/run */
export function cardPart(steps, made) {
  const tried =
    made.steps === steps
      ? []
      : [
          `**A stand-in: ${made.steps} steps of ${steps} on ${made.subjects} hearts, to try the command with.**`,
          '',
        ];
  return [
    mark.from,
    ...tried,
    '| | |',
    '|---|---|',
    `| file | \`builtin/${weightsName}\`, ${made.bytes.toLocaleString('en')} bytes |`,
    `| SHA-256 | \`${made.sha256}\` |`,
    `| trained | ${made.steps.toLocaleString('en')} steps on ${made.subjects.toLocaleString('en')} synthetic hearts; the best weights by validation are those after step ${made.best.toLocaleString('en')} |`,
    `| adapter | ${made.adapter} |`,
    `| made with | Node ${made.node} on ${made.processor} |`,
    '',
    `| error on ${made.heldOut} held-out synthetic hearts | network | trivial |`,
    '|---|---|---|',
    ...made.figures.map((one) => `| ${one.title} | ${value(one, one.value)} | ${value(one, one.trivial)} |`),
    mark.to,
  ].join('\n');
}

/** The card with that part of it replaced. */
function withPart(text, part) {
  const [from, to] = [text.indexOf(mark.from), text.indexOf(mark.to)];
  if (from < 0 || to < from) throw new Error(`${card} has lost the marks of what this command writes.`);
  return text.slice(0, from) + part + text.slice(to + mark.to.length);
}

/** The built program; its parts by their module. */
const built = (path) => import(pathToFileURL(join(root, 'dist', path)).href);

const json = async (path) => JSON.parse(await readFile(path, 'utf8'));

/** Whether a run is to be gone on with. Throws an Error where it was given something else. */
async function goesOn(out, given) {
  if (!existsSync(join(out, 'config.json'))) return false;
  const { resolveConfig } = await built('run/config.js');
  // its folder may have moved
  const [was, is] = [await json(join(out, 'config.json')), given].map((one) =>
    resolveConfig({ ...one, out }),
  );
  const other = Object.keys(is).filter((key) => JSON.stringify(was[key]) !== JSON.stringify(is[key]));
  if (other.length > 0)
    throw new Error(`${out} holds a run with another ${other.join(', ')}. Delete it, or give another --out.`);
  return true;
}

/** Pretrains, or goes on, in `out`; null where it was stopped. */
async function pretrain(given, out, { device, signal }) {
  const { runJob } = await built('run/job.node.js');
  const { pretraining } = await built('run/job.js');
  const { startProgress } = await built('train/progress.js');
  const resume = await goesOn(out, given);
  const { results, training } = await runJob({
    ...{ kind: pretraining, given: { ...given, out }, resume, device, signal },
    worker: new URL('../dist/train.js', import.meta.url),
    console: {
      say: (line) => console.log(line),
      warn: (line) => console.error(`warning: ${line}`),
      startStage: (label, total) => startProgress(label, total),
    },
  });
  if (!results) return null;
  return { results, training, bytes: await readFile(join(out, weightsName)) };
}

/** The weights with their recipe beside what they say of their network. */
async function withRecipe(bytes, given) {
  const { decodeWeights, encodeWeights } = await built('models/weights.js');
  const { describeRecipe } = await built('run/recipe.js');
  const { state, metadata } = decodeWeights(bytes, weightsName);
  return encodeWeights(state, { ...metadata, ...describeRecipe(given) });
}

/** The checksum of the weights' values after the first steps. */
async function begin(config, how) {
  const { decodeWeights } = await built('models/weights.js');
  const { weightsChecksum } = await built('train/init.js');
  const out = await mkdtemp(join(tmpdir(), 'planewise-builtin-'));
  try {
    const made = await pretrain(shortened(config, beginning), join(out, 'run'), how);
    return made && { ...beginning, checksum: weightsChecksum(decodeWeights(made.bytes, weightsName).state) };
  } finally {
    await rm(out, { recursive: true });
  }
}

async function make(config, given, { out, to }, how) {
  // before the beginning is made
  await goesOn(out, given);
  const first = await begin(config, how);
  const run = first && (await pretrain(given, out, how));
  if (!run) return console.error(`Stopped. The same command goes on with ${out}.`);
  const { sha256 } = await built('run/builtincard.node.js');
  const bytes = await withRecipe(run.bytes, given);
  if (bytes.length > MOST_BYTES) throw new Error(`${bytes.length} bytes are more than ${MOST_BYTES}.`);
  const made = {
    ...{ sha256: sha256(bytes), bytes: bytes.length },
    ...{ steps: given.steps, subjects: given.phantom.subjects, best: run.training.best?.step ?? given.steps },
    ...{ adapter: how.device.caps.description, node: process.versions.node, processor: cpus()[0].model },
    heldOut: run.results.subjects,
    figures: run.results.results
      .filter(({ detail }) => !detail)
      .map(({ title, unit, digits, value, trivial }) => ({ title, unit, digits, value, trivial })),
    beginning: first,
  };
  await mkdir(to, { recursive: true });
  await writeFile(join(to, weightsName), bytes);
  await writeFile(join(to, 'made.json'), `${JSON.stringify(made, null, 2)}\n`);
  if (resolve(to) === resolve(folder))
    await writeFile(card, withPart(await readFile(card, 'utf8'), cardPart(config.steps, made)));
  console.log(`${join(to, weightsName)}: ${bytes.length} bytes, SHA-256 ${made.sha256}`);
}

async function main() {
  const { values } = parseArgs({
    options: {
      out: { type: 'string', default: join(root, 'runs', 'builtin') },
      to: { type: 'string', default: folder },
      steps: { type: 'string' },
      subjects: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(usage);
  // what would choose other kernels
  for (const name of ['WINOGRAD', 'VARIANT', 'MATRICES']) delete process.env[`PLANEWISE_${name}`];
  const { openDevice } = await built('engine.js');
  const config = await json(join(folder, 'config.json'));
  const tried = Object.entries({ steps: values.steps, subjects: values.subjects });
  const given = shortened(
    config,
    Object.fromEntries(tried.flatMap(([key, text]) => (text === undefined ? [] : [[key, Number(text)]]))),
  );
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  const device = await openDevice({ adapter: config.adapter });
  try {
    await make(config, given, values, { device, signal: stop.signal });
  } finally {
    device.dispose();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  main().catch((error) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
