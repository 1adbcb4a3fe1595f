/** @file The program under faults: started, ended when it is told to, and what it leaves, but for what the clock decides. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { maskHtml } from '../gate/masks.mjs';

const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

/** Kernels that compile in a moment: what is disturbed is the program around them. */
const plainKernels = [
  'conv2d',
  'conv2dInputGrad',
  'conv2dWeightGrad',
  'conv2dTranspose',
  'conv2dTransposeInputGrad',
]
  .map((op) => `${op}:tile`)
  .join(',');

const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/**
 * Starts the program in a folder.
 * @param options `within`: it is killed if it takes longer, ms; `imports`: modules that are loaded before it; `env`: what
 * these are told; `under`: a command that runs it
 * @returns {{ child: import('node:child_process').ChildProcess, ended: Promise<{ code: number | null, signal: string | null, said: string, ms: number }> }}
 */
export function start(args, cwd, { within, imports = [], env = {}, under = [] } = {}) {
  const began = performance.now();
  // what one run learns of kernels is nothing to the next
  const own = { PLANEWISE_CACHE: join(cwd, 'cache'), PLANEWISE_VARIANT: plainKernels };
  const hooks = imports.flatMap((url) => ['--import', url]);
  const [command, ...rest] = [...under, process.execPath, ...hooks, cli, ...args];
  const options = { cwd, env: { ...process.env, ...own, ...env }, stdio: ['ignore', 'pipe', 'pipe'] };
  const child = spawn(command, rest, options);
  running.add(child);
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => {
      said += text;
    });
  const tooLong = () => {
    said += `\nstill running after ${Math.round(within)} ms`;
    child.kill('SIGKILL');
  };
  const timer = within && setTimeout(tooLong, within);
  const ended = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      running.delete(child);
      resolve({ code, signal, said, ms: performance.now() - began });
    });
  });
  return { child, ended };
}

/** Runs the program to its end. Throws an Error with what it said where it fails. */
export async function succeed(args, cwd, options) {
  const end = await start(args, cwd, options).ended;
  if (end.code !== 0) throw new Error(`planewise ${args.join(' ')} in ${cwd}:\n${end.said}`);
  return end;
}

/** A number from 0 to 1 that depends on seed and names alone. */
export function drawn(...names) {
  const digest = createHash('sha256').update(names.join('/')).digest();
  return digest.readUInt32LE(0) / 2 ** 32;
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A file without what the clock decides. */
function contentOf(path) {
  const bytes = readFileSync(path);
  if (path.endsWith('metrics.jsonl'))
    return Buffer.from(
      bytes.toString('utf8').replaceAll(/,"(imagesPerSecond|communication\w*)":[^,}]*/g, ''),
    );
  return path.endsWith('.html') ? Buffer.from(maskHtml(bytes.toString('utf8')).join('\n')) : bytes;
}

/** Every file below a folder with its content's checksum. */
export function leftIn(folder) {
  const names = existsSync(folder) ? readdirSync(folder, { recursive: true }) : [];
  const paths = names.map((name) => join(folder, name)).filter((path) => statSync(path).isFile());
  return new Map(
    paths
      .map((path) => [relative(folder, path), createHash('sha256').update(contentOf(path)).digest('hex')])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** Names of files that are there once or that differ. */
export function differences(expected, found) {
  const names = new Set([...expected.keys(), ...found.keys()]);
  return [...names].filter((name) => expected.get(name) !== found.get(name));
}

export const remove = (folder) => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
