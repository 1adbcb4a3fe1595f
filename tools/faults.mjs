/** @file Campaigns of faults: npm run faults for all of them, npm run faults -- kill --times 10 --seed 1 for one (docs/faults.md). */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { disturb, names } from './faults/disturb.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Builds that of readers. @param folder of dist that they go to */
export async function buildFaults(folder = 'faults') {
  const built = join(root, 'dist', folder);
  await rm(built, { recursive: true, force: true });
  await build({
    absWorkingDir: root,
    entryPoints: ['fuzz', 'fuzzChild', 'hostile'].map((name) => `tools/faults/${name}.ts`),
    outdir: built,
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2022',
    platform: 'node',
    packages: 'external',
    logLevel: 'warning',
  });
  return built;
}

/** The long form: each of three jobs that often, or the one. */
const longForm = [
  ['kill', '--times', '34'],
  ['power', '--times', '7'],
  ['disk', '--times', '7'],
  ['device', '--times', '50'],
  ['ranks', '--times', '20'],
  ['hostile'],
  ['writers', '--times', '6', '--only', 'phantom,experiment'],
  ['fuzz', '--times', '100000'],
];

/** All campaigns, whatever came of those before; the greatest of their exit codes. */
async function runAll() {
  const codes = [];
  for (const args of longForm) {
    console.log(`\n${args.join(' ')}`);
    codes.push(await run(args));
  }
  return Math.max(...codes);
}

async function run([name, ...rest]) {
  if (name === undefined) return runAll();
  if (names.includes(name)) return disturb(name, rest);
  if (name === 'fuzz' || name === 'hostile') {
    const built = await import(pathToFileURL(join(await buildFaults(), `${name}.js`)).href);
    return built[name](rest);
  }
  console.error(`Name a campaign: fuzz, hostile, ${names.join(', ')}.`);
  return 2;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await run(process.argv.slice(2));
