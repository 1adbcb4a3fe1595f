/** @file Runs the measuring kit: with programs that fail and hang as told, and for a moment on SwiftShader. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KitResults } from '../../bench/kit/record.ts';
import { buildBench } from '../../tools/bench-build.mjs';
import { buildForms } from '../../tools/forms-build.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Below node_modules, so that what is built finds its packages. */
let folder = '';
const started: ChildProcess[] = [];

beforeAll(async () => {
  await mkdir(join(root, 'node_modules/.cache'), { recursive: true });
  folder = await mkdtemp(join(root, 'node_modules/.cache/kit-'));
  // in a pack the kit is in the package; here it finds the package by its name
  await mkdir(join(folder, 'node_modules'));
  await symlink(root, join(folder, 'node_modules/planewise'));
  await buildBench(join(folder, 'real/bench'));
  await buildForms(join(folder, 'real/forms'));
});

afterAll(async () => {
  for (const child of started) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

interface Running {
  readonly child: ChildProcess;
  said(): string;
  readonly ended: Promise<number | null>;
}

/** The kit of a folder of programs, with nothing of this process's environment. */
function startKit(dist: string, env: Record<string, string>): Running {
  const child = spawn(process.execPath, [join(dist, 'bench/kit.js')], { env, stdio: 'pipe' });
  started.push(child);
  let text = '';
  for (const pipe of [child.stdout, child.stderr])
    pipe.on('data', (more: Buffer) => {
      text += more;
    });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { child, said: () => text, ended };
}

const resultsIn = (out: string): KitResults => JSON.parse(readFileSync(join(out, 'results.json'), 'utf8'));
const textIn = (out: string, name: string): string => readFileSync(join(out, name), 'utf8');
const statesIn = (out: string) =>
  Object.fromEntries(resultsIn(out).tasks.map(({ name, state }) => [name, state]));

/** Stands for the benchmark: says what it is asked for; without the file `mended`, kernels fail and memory hangs. */
const fakeBench = `
import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
const [part] = process.argv.slice(2);
const at = (name) => new URL(name, import.meta.url);
appendFileSync(at('asked'), part + '\\n');
console.log('what ' + part + ' found');
if (!existsSync(at('mended'))) {
  if (part === 'kernels') throw new Error('no such kernel');
  if (part === 'memory') {
    writeFileSync(at('hanging'), String(process.pid));
    process.on('SIGTERM', () => {});
    setInterval(() => {}, 1e6);
  }
}
`;
const fakeOpened = `console.log(JSON.stringify({
  caps: { description: process.env.FAKE_GPU, software: false, f16: false }, info: {}, features: [], limits: {},
}));`;

describe('the kit', () => {
  it('leaves what it had when it is killed, repeats only what was not done, and begins anew on another GPU', async () => {
    const dist = join(folder, 'fake');
    const bench = join(dist, 'bench');
    await cp(join(folder, 'real/bench'), bench, { recursive: true });
    await writeFile(join(bench, 'main.js'), fakeBench);
    await writeFile(join(bench, 'opened.js'), fakeOpened);
    await writeFile(join(dist, 'cli.js'), 'console.log("probes")');
    const out = join(folder, 'out');
    const env = { OUT: out, PARTS: 'roofline,kernels,memory', CONFIGS: 'S', LIMIT: '120', FAKE_GPU: 'one' };

    const first = startKit(dist, env);
    await expect.poll(() => existsSync(join(bench, 'hanging')), { timeout: 50_000 }).toBe(true);
    first.child.kill('SIGKILL');
    await first.ended;
    process.kill(Number(readFileSync(join(bench, 'hanging'), 'utf8')), 'SIGKILL');
    expect(statesIn(out)).toEqual({
      adapter: 'done',
      roofline: 'done',
      'kernels S': 'failed',
      'memory S': 'cut',
    });
    expect(textIn(out, 'measured.txt')).toMatch(/what roofline found/);
    expect(textIn(out, 'summary.txt')).toMatch(/kernels S +FAILED .*ended with 1/);
    expect(textIn(out, 'log.txt')).toMatch(/Error: no such kernel\n +at /);

    await writeFile(join(bench, 'mended'), '');
    const second = startKit(dist, env);
    expect(await second.ended).toBe(0);
    expect(second.said()).toMatch(/^Repeats what was not done: adapter, kernels S, memory S$/m);
    expect(
      textIn(bench as string, 'asked')
        .trim()
        .split('\n'),
    ).toEqual([...['roofline', 'kernels', 'memory', 'kernels', 'memory']]);
    expect(Object.values(statesIn(out))).toEqual(['done', 'done', 'done', 'done']);
    expect((await readdir(out)).length).toBeLessThanOrEqual(8);

    const third = startKit(dist, env);
    expect([await third.ended, third.said()]).toEqual([
      0,
      expect.stringMatching(/^All of it was done before/),
    ]);

    // of another folder, and on another GPU
    await rm(join(bench, 'asked'));
    const there = {
      ...env,
      OUT: join(folder, 'there'),
      EARLIER: out,
      FAKE_GPU: 'two',
      PARTS: 'roofline,start',
    };
    await startKit(dist, there).ended;
    expect(textIn(bench, 'asked')).toBe('roofline\n');
    expect(resultsIn(there.OUT).adapter).toBe('two');
  }, 60_000);

  it('keeps the tests of forms that have run on SwiftShader when it is told to end', async () => {
    const [out, work] = [join(folder, 'cut'), join(folder, 'work')];
    await mkdir(work);
    const env = { OUT: out, KIT_WORK: work, ADAPTER: 'swiftshader', PARTS: 'forms', LIMIT: '90' };
    const kit = startKit(join(folder, 'real'), env);
    await expect.poll(() => existsSync(join(work, 'forms.json')), { timeout: 50_000 }).toBe(true);
    kit.child.kill('SIGTERM');
    expect(await kit.ended).toBe(143);
    const { adapter, forms, tasks } = resultsIn(out);
    expect(adapter).toMatch(/SwiftShader/);
    expect(tasks.find(({ name }) => name === 'forms')!.state).toBe('cut');
    const tests = forms.flatMap((row) => row.tests);
    expect(tests.length).toBeGreaterThan(0);
    expect(tests.map(({ error }) => error)).toEqual(tests.map(() => null));
    expect(tests[0]!.ran.length).toBeGreaterThan(0);
    expect(textIn(out, 'summary.txt')).toMatch(/forms +CUT[\s\S]*\d+ forms, \d+ files/);
  }, 60_000);
});
