/** @file The two trees that are compared, built: a commit, kept for the next time, and the work tree as it stands. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { atEnd, git, succeed } from './process.mjs';

export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

const cache = join(tmpdir(), 'planewise-gate-cache');
/** Commits whose build and results are kept: the last asked for. */
const KEPT = 8;

/** Puts a folder where the next run finds it; what another run put there in the meantime is as good. */
export function keep(folder, at, names) {
  const partial = `${at}.${process.pid}`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  for (const name of names)
    cpSync(join(folder, name), join(partial, name), { recursive: true, verbatimSymlinks: true });
  try {
    renameSync(partial, at);
  } catch {
    rmSync(partial, { recursive: true, force: true });
  }
}

/** The folder of what is known of a commit. */
export function cacheOf(commit) {
  const folder = join(cache, commit);
  mkdirSync(folder, { recursive: true });
  utimesSync(folder, new Date(), new Date());
  return folder;
}

/** Removes what is known of commits that nobody has asked for lately. */
export function trimCache() {
  mkdirSync(cache, { recursive: true });
  const age = (path) => -statSync(path).mtimeMs;
  const all = readdirSync(cache).map((name) => join(cache, name));
  for (const path of all.sort((a, b) => age(a) - age(b)).slice(KEPT))
    rmSync(path, { recursive: true, force: true });
}

export const commitOf = (name) => git(root, 'rev-parse', '--verify', `${name}^{commit}`);

const lockOf = (folder) => readFileSync(join(folder, 'package-lock.json'), 'utf8');
const build = (folder) => succeed('npm', ['run', '-s', 'build'], { cwd: folder });

/** Gives a tree its packages: the work tree's, where the lock files are equal. */
async function addModules(folder) {
  if (lockOf(folder) === lockOf(root)) symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  else await succeed('npm', ['ci'], { cwd: folder });
}

async function buildCommit(commit, folder) {
  atEnd(() => git(root, 'worktree', 'remove', '--force', folder));
  git(root, 'worktree', 'add', '--detach', folder, commit);
  await addModules(folder);
  await build(folder);
}

/** Whether a commit was built before. */
export const isKept = (commit) => existsSync(join(cacheOf(commit), 'tree'));

/** A commit, built into `folder`: its dist/ and what that needs to run. */
export async function baseTree(commit, folder) {
  const kept = join(cacheOf(commit), 'tree');
  if (!existsSync(kept)) {
    await buildCommit(commit, folder);
    keep(folder, kept, ['dist', 'package.json', 'package-lock.json']);
    return folder;
  }
  cpSync(kept, folder, { recursive: true });
  await addModules(folder);
  return folder;
}

/** The work tree with all that is not committed, built in place. */
export async function workTree() {
  await build(root);
  return root;
}
