/** @file `npm run gpulab`: compiles steps and shaders for GPUs that are not there, and prints what came of it. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheFolder } from '../../src/tensor/cachefolder.node.ts';
import { entryPoints, type ShaderVariants } from './entries.ts';
import { type Compilation, compileFor, type Request } from './lab.ts';
import { buildLayer } from './layer.ts';
import { type GpulabOptions, help, parseOptions } from './options.ts';
import { CannotHere, exitCodes } from './problems.ts';
import { jsonOf, resultsOf, save } from './results.ts';
import { ensureRoot, expectRoot, expectTools } from './root.ts';
import { report } from './tables.ts';
import { targets } from './targets.ts';

/** What only the checkout knows. */
export interface Checkout {
  readonly root: string;
  /** Folder of the built programs. */
  readonly built: string;
  readonly variants: ShaderVariants;
}

/** A folder that is gone when the program ends, also by Ctrl-C. */
function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gpulab-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }))
    process.once(signal, () => process.exit(code));
  return folder;
}

/** The commit, marked where files differ from it. */
function commitOf(root: string): string {
  const git = (...args: string[]): string =>
    execFileSync('git', ['-C', root, ...args], { encoding: 'utf8' }).trim();
  return `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain', '--untracked-files=no') ? ' and changes' : ''}`;
}

async function compileAll(
  options: GpulabOptions,
  { built, root: tree, variants }: Checkout,
): Promise<Compilation[]> {
  expectTools(['unshare', 'mount', 'chroot', 'gcc']);
  const cache = options.cache ?? join(cacheFolder(), 'gpulab');
  const root = expectRoot(options.root ?? (await ensureRoot(join(cache, 'root'))));
  const scratch = scratchFolder();
  buildLayer(join(tree, 'tools', 'gpulab', 'layer'), root, scratch);
  copyFileSync(join(built, 'inside.js'), join(scratch, 'inside.js'));
  writeFileSync(join(scratch, 'package.json'), '{ "type": "module" }');
  const { networks, precisions, toggles } = options;
  const request: Request = {
    networks,
    precisions,
    toggles,
    jobs: options.entries ? entryPoints(variants) : [],
  };
  const compilations: Compilation[] = [];
  for (const device of options.devices) {
    const began = performance.now();
    compilations.push(await compileFor(device, request, { root, scratch }));
    console.error(`${targets[device].title}: ${((performance.now() - began) / 1000).toFixed(0)} s`);
  }
  return compilations;
}

async function run(argv: readonly string[], checkout: Checkout): Promise<number> {
  const options = parseOptions(argv, join(checkout.root, 'bench', 'results'));
  if (!options) {
    console.log(help);
    return 0;
  }
  // before the compilers have their minutes, in which files may change
  const commit = commitOf(checkout.root);
  const compilations = await compileAll(options, checkout);
  const results = resultsOf(compilations, { commit, toggles: options.toggles });
  process.stdout.write(options.json ? jsonOf(results) : `${report(results, options.only)}\n`);
  if (options.save !== undefined) console.error(`Saved ${save(results, options.save)}`);
  return results.problems.some(({ byItself }) => byItself) ? exitCodes.failed : 0;
}

/** The program; its exit code. */
export async function main(argv: readonly string[], checkout: Checkout): Promise<number> {
  try {
    return await run(argv, checkout);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return error instanceof CannotHere ? exitCodes.cannotHere : exitCodes.error;
  }
}
