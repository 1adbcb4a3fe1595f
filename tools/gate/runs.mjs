/** @file Runs cases in a tree and reads what they leave. */
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { run } from './process.mjs';
import { cacheOf, keep } from './trees.mjs';

/** Files of a folder at any depth, sorted, by their paths in it; none where it does not exist. */
export function filesIn(folder) {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder, { recursive: true }).map((name) => name.replaceAll('\\', '/'));
  return names.filter((name) => statSync(join(folder, name)).isFile()).sort();
}

/** Nothing that a developer has set changes what is computed. */
function environment(adapter, scratch) {
  const own = Object.entries(process.env).filter(([key]) => !key.startsWith('PLANEWISE_'));
  return {
    ...Object.fromEntries(own),
    PLANEWISE_ADAPTER: adapter,
    PLANEWISE_CACHE: join(scratch, 'variants'),
  };
}

/** One tree with its folder of cases. `tree`: resolves with where it is built, called when a case must run. */
export class Runs {
  #tree;
  #folder;
  #setting;
  #cache;
  #started = new Map();

  /** `commit`: under which what its cases leave is kept; null: it is not. */
  constructor(tree, folder, { commit, ...setting }) {
    mkdirSync(folder);
    this.#tree = tree;
    this.#folder = folder;
    this.#setting = setting;
    this.#cache = commit === null ? null : cacheOf(commit);
  }

  /** @returns {Promise<{ folder: string, failure: string | null, seconds: number | null }>} seconds null: kept */
  result(one) {
    const started = this.#started.get(one.name) ?? this.#result(one);
    this.#started.set(one.name, started);
    return started;
  }

  async #result(one) {
    const folder = join(this.#folder, one.name);
    const before = one.after ? await this.result(one.after) : { failure: null };
    if (before.failure)
      return { folder, failure: `case ${one.after.name} failed, whose data it needs`, seconds: 0 };
    const kept = this.#cache && join(this.#cache, `${one.name}-${this.#keyOf(one)}`);
    if (kept && existsSync(kept)) {
      symlinkSync(kept, folder);
      return { folder, failure: null, seconds: null };
    }
    const tree = await this.#tree();
    mkdirSync(folder);
    const { failure, seconds } = await this.#setting.places.with(async () => {
      const began = performance.now();
      const failure = await one.run({ tree, folder, ...this.#setting });
      return { failure, seconds: (performance.now() - began) / 1000 };
    });
    if (kept && !failure) keep(folder, kept, readdirSync(folder));
    return { folder, failure, seconds };
  }

  /** Changes with all that decides what a case leaves, but for the tree. */
  #keyOf(one) {
    const { adapter, device } = this.#setting;
    const keys = [];
    for (let needed = one; needed; needed = needed.after) keys.push(needed.key);
    const facts = [keys, adapter, device, process.version];
    return createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 12);
  }
}

/** A case of command lines, which run one after another until one fails. */
export function commandCase({ commands, ...rest }) {
  const go = async ({ tree, folder, adapter, scratch }) => {
    const env = environment(adapter, scratch);
    for (const [index, args] of commands.entries()) {
      const { code, stdout, stderr } = await run(process.execPath, [join(tree, 'dist', 'cli.js'), ...args], {
        cwd: folder,
        env,
        seconds: 300,
      });
      writeFileSync(join(folder, `stdout.${index + 1}.txt`), stdout);
      writeFileSync(join(folder, `stderr.${index + 1}.txt`), stderr);
      if (code !== 0)
        return `${args[0]} ended with ${code === null ? 'a signal' : `exit code ${code}`}:\n${stderr.trimEnd()}`;
    }
    return null;
  };
  return { ...rest, key: commands, run: go };
}

export const read = (folder, name) =>
  existsSync(join(folder, name)) ? readFileSync(join(folder, name)) : null;
