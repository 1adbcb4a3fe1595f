/** @file A run of the kit: its tasks one after another, each under its limit, and what is written of them on the way. */
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type FoundAdapter, findAdapter } from './adapter.ts';
import { planOf, type Task, type Wish } from './plan.ts';
import { type Ended, runProgram } from './process.ts';
import { gathered, type KitResults, replaceFile, restore, scratchFiles, type TaskRow } from './record.ts';
import { summaryText } from './summary.ts';

const dist = fileURLToPath(new URL('..', import.meta.url));

/** Files that the parts write what they print to. */
const fileOf = ({ part }: Task): string =>
  part === 'adapter' || part === 'forms' ? `${part}.txt` : 'measured.txt';

/** What a task has at least. */
const LEAST_S = 1;

/** What a file of tests has, the first time. */
const FILE_S = 45;

/** How often results are written while a part runs. */
const WRITE_MS = 5_000;

/** The commit and day of the pack; of a checkout its folder. */
function packName(): string {
  try {
    return readFileSync(join(dist, 'pack.txt'), 'utf8').trim();
  } catch {
    return `not packed, ${dist}`;
  }
}

export class Kit {
  readonly #out: string;
  readonly #work: string;
  readonly #earlier: KitResults | null;
  readonly #began = performance.now();
  readonly #adapter: string | undefined;
  #results: KitResults;
  #found: FoundAdapter | null = null;
  /** Seconds that tasks have left to those after them; less than 0: have taken from them. */
  #saved = 0;

  constructor(out: string, work: string, earlier: KitResults | null, adapter: string | undefined) {
    this.#out = out;
    this.#work = work;
    this.#earlier = earlier;
    this.#adapter = adapter;
    const fresh = { adapter: null, remedy: null, tasks: [], forms: [], bench: [] };
    const date = new Date().toISOString();
    this.#results = { ...(earlier ?? fresh), pack: packName(), date, call: 1 + (earlier?.call ?? 0) };
  }

  /** Whether all of it is done. */
  async run(wish: Wish, [look, ...tasks]: readonly Task[]): Promise<boolean> {
    for (const task of [look!, ...tasks]) this.#wait(task);
    const timer = setInterval(() => this.write(), WRITE_MS);
    try {
      await this.#runTask(look!);
      for (const task of await this.#onThisAdapter(wish, tasks)) await this.#runTask(task);
    } finally {
      clearInterval(timer);
    }
    this.write();
    return this.#results.tasks.every(({ state }) => state === 'done');
  }

  /** The tasks; all there are, from the start, where the earlier run was on another adapter. */
  async #onThisAdapter(wish: Wish, tasks: readonly Task[]): Promise<readonly Task[]> {
    const [earlier, { adapter }] = [this.#earlier, this.#results];
    if (!earlier || earlier.adapter === adapter) {
      if (earlier) await restore(earlier, this.#work);
      return tasks;
    }
    console.log(`The earlier run was on ${earlier.adapter ?? 'no adapter'}: begins anew.`);
    const [look, ...all] = planOf(wish, null);
    const { tasks: rows } = this.#results;
    this.#results = { ...this.#results, tasks: rows.filter(({ name }) => name === look!.name) };
    for (const task of all) this.#wait(task);
    return all;
  }

  #wait(task: Task): void {
    this.#note(task, { state: 'waiting', seconds: 0, why: null }, task.seconds);
  }

  /** Writes results.json and summary.txt as things stand. */
  write(): void {
    this.#safely(() => {
      if (this.#found) this.#results = { ...this.#results, ...gathered(this.#work) };
      replaceFile(join(this.#out, 'results.json'), JSON.stringify(this.#results));
      replaceFile(join(this.#out, 'summary.txt'), summaryText(this.#results));
    });
  }

  /** A disk that is full must not end the run: what it finds is printed in the end. */
  #safely(action: () => void): void {
    try {
      action();
    } catch (error) {
      console.log(`Results could not be written: ${(error as Error).message}`);
    }
  }

  get summary(): string {
    return summaryText(this.#results);
  }

  #append(file: string, text: string): void {
    this.#safely(() => appendFileSync(join(this.#out, file), text));
  }

  #note(
    task: Task,
    { state, seconds, why }: Pick<TaskRow, 'state' | 'seconds' | 'why'>,
    limit: number,
  ): void {
    const { name, part } = task;
    const row: TaskRow = { name, part, state, seconds, limit, why };
    const { tasks } = this.#results;
    const known = tasks.some((one) => one.name === name);
    const all = known ? tasks.map((one) => (one.name === name ? row : one)) : [...tasks, row];
    this.#results = { ...this.#results, tasks: all };
  }

  async #runTask(task: Task): Promise<void> {
    const limit = Math.max(LEAST_S, task.seconds + this.#saved);
    const title = `\n=== ${task.name}, run ${this.#results.call}\n`;
    this.#append(fileOf(task), title);
    this.#append('log.txt', `${title.trimEnd()}, up to ${limit.toFixed(0)} s\n`);
    this.#note(task, { state: 'cut', seconds: 0, why: 'the run ended in it' }, limit);
    this.write();
    const ended = await this.#perform(task, limit);
    this.#saved = limit - ended.seconds;
    this.#note(task, ended, limit);
    this.#append(fileOf(task), `--- ${ended.state}${ended.why ? ` (${ended.why})` : ''}\n`);
    this.write();
    const at = ((performance.now() - this.#began) / 1000).toFixed(0).padStart(4);
    const why = ended.why ? `: ${ended.why.split('\n', 1)[0]}` : '';
    console.log(`${at} s  ${task.name}: ${ended.state} in ${ended.seconds.toFixed(1)} s${why}`);
  }

  /** What a task says is in its file as it says it; what drivers and engines mutter, in the log. */
  async #perform(task: Task, seconds: number): Promise<Ended> {
    if (task.part === 'adapter') return this.#lookForAdapter(task, seconds);
    if (!this.#found) return { state: 'failed', why: 'no adapter opens', seconds: 0, out: '', err: '' };
    const ended = await runProgram({
      command: process.execPath,
      args: [join(dist, task.program), ...this.#argumentsOf(task, seconds)],
      env: this.#environmentOf(task),
      seconds,
      onText: (text, stream) => {
        if (stream === 'out') this.#append(fileOf(task), text);
        this.#append('log.txt', text);
      },
    });
    const last = (ended.err.trim() || ended.out.trim()).split('\n').at(-1);
    return ended.state === 'failed' ? { ...ended, why: `${ended.why}: ${last}` } : ended;
  }

  async #lookForAdapter(task: Task, seconds: number): Promise<Ended> {
    const began = performance.now();
    const say = (text: string): void => this.#append(fileOf(task), `${text}\n`);
    const icdFile = join(this.#out, 'nvidia_icd.json');
    const search = { dist, icdFile, adapter: this.#adapter, seconds, say };
    this.#found = await findAdapter(search);
    const taken = (performance.now() - began) / 1000;
    const { opened, remedy } = this.#found ?? {};
    this.#results = { ...this.#results, adapter: opened?.caps.description ?? null, remedy: remedy ?? null };
    const missing = !this.#found || (opened!.caps.software && !this.#adapter);
    const what = this.#adapter ? `the adapter "${this.#adapter}" does not open` : 'no GPU was found';
    const why = missing ? `${what}; adapter.txt says what was tried` : null;
    return { state: missing ? 'failed' : 'done', why, seconds: taken, out: '', err: '' };
  }

  #argumentsOf({ part, args }: Task, seconds: number): string[] {
    const { forms, bench } = scratchFiles(this.#work);
    // in time to say what it has found
    const limits = [
      '--limit',
      `${0.95 * seconds - 2}`,
      '--seconds',
      `${this.#earlier ? Math.max(FILE_S, seconds / 3) : FILE_S}`,
    ];
    if (part === 'forms') return [...args, '--out', forms, ...limits];
    if (part === 'start') return [...args, '--out', join(this.#work, 'start')];
    const paths = args.map((arg) => (arg === 'trace.json' ? join(this.#out, arg) : arg));
    return [...paths, '--out', bench];
  }

  #environmentOf({ part }: Task): Readonly<Record<string, string | null>> {
    const { env, matrices } = this.#found!;
    return {
      ...env,
      ...(this.#adapter === 'gpu' && { PLANEWISE_ADAPTER: 'gpu' }),
      ...(matrices && part === 'forms' && { PLANEWISE_MATRICES: 'on' }),
      ...(this.#earlier && { DEBUG: '1', PLANEWISE_DRIVER_LOG: '1' }),
    };
  }
}
