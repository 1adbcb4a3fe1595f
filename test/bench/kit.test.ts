/** @file What the measuring kit plans, tries and finds; test/bench/kit.run.test.ts runs it. */
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { findAdapter } from '../../bench/kit/adapter.ts';
import { type FileRow, formRows, isRight, missedForms } from '../../bench/kit/forms.ts';
import { type Earlier, planOf, type State, TOTAL_S, wishOf } from '../../bench/kit/plan.ts';
import { runProgram } from '../../bench/kit/process.ts';
import { attemptsOf, diagnosis, type Files } from '../../bench/kit/remedies.ts';
import type { Tested } from '../../bench/kit/tested.ts';
import { modelledKernelMs, modelledMs, modelOf } from '../../bench/model.ts';
import { waysTable } from '../../bench/tables.ts';
import { mergeWays, ownWays, type WayRow, type Ways } from '../../bench/ways.ts';

const results = fileURLToPath(new URL('../../bench/results', import.meta.url));

const secondsOf = (tasks: ReturnType<typeof planOf>): number =>
  tasks.reduce((sum, { seconds }) => sum + seconds, 0);

describe('the plan of the kit', () => {
  const whole = planOf(wishOf({}), null);
  const states = (of: (name: string) => State): Earlier =>
    Object.fromEntries(whole.map(({ name }) => [name, of(name)]));

  it('has the parts in the order of what they tell, and limits that add up to less than nine minutes', () => {
    const parts = [...new Set(whole.map(({ part }) => part))];
    expect(parts).toEqual(['adapter', 'forms', 'roofline', 'steps', 'kernels', 'memory', 'start', 'profile']);
    expect(whole.find(({ part }) => part === 'steps')!.name).toBe('steps zhang2024');
    expect(secondsOf(whole)).toBeCloseTo(TOTAL_S);
    expect(TOTAL_S).toBeLessThan(9 * 60 - 20);
  });

  it('keeps to the parts, the networks and the time that are asked for', () => {
    const few = planOf(wishOf({ PARTS: 'roofline steps', CONFIGS: 'S', LIMIT: '60' }), null);
    expect(few.map(({ name }) => name)).toEqual(['adapter', 'roofline', 'steps S']);
    expect(secondsOf(few)).toBeCloseTo(60);
    const traced = planOf(wishOf({ CONFIGS: 'S M' }), null).filter(({ args }) => args.includes('--trace'));
    expect(traced.map(({ name }) => name)).toEqual(['profile M']);
    expect(() => wishOf({ PARTS: 'rooflines' })).toThrow(/PARTS has "rooflines".*roofline, steps/);
    expect(() => wishOf({ CONFIGS: 'L' })).toThrow(/CONFIGS has "L"/);
    expect(() => wishOf({ LIMIT: 'soon' })).toThrow(/LIMIT is "soon"/);
  });

  it('repeats what failed, was cut or waited, alone, with more time for each', () => {
    const bad: Record<string, State> = { forms: 'failed', 'steps M': 'cut', 'profile S': 'waiting' };
    const again = planOf(
      wishOf({}),
      states((name) => bad[name] ?? 'done'),
    );
    expect(again.map(({ name }) => name)).toEqual(['adapter', 'forms', 'steps M', 'profile S']);
    for (const { name, seconds } of again.slice(1)) {
      const before = whole.find((task) => task.name === name)!.seconds;
      expect(seconds / before, name).toBeGreaterThan(2);
      expect(seconds / before, name).toBeLessThanOrEqual(4);
    }
    expect(secondsOf(again)).toBeLessThanOrEqual(TOTAL_S);
    expect(again[1]!.args).toEqual(['--missing', '--whole']);
    expect(again[2]!.args).toEqual(expect.arrayContaining(['--missing']));
  });

  it('is empty where all is done, and looks for the adapter again where that was missing', () => {
    const done = states(() => 'done');
    expect(planOf(wishOf({}), done)).toEqual([]);
    expect(planOf(wishOf({}), { ...done, adapter: 'failed' }).map(({ name }) => name)).toEqual(['adapter']);
  });
});

describe('a program of the kit', () => {
  const node = (code: string, seconds: number) =>
    runProgram({ command: process.execPath, args: ['-e', code], env: {}, seconds });
  let left: number | undefined;
  afterAll(() => {
    if (left && isAlive(left)) process.kill(left, 'SIGKILL');
  });

  /** One that nobody has waited for yet is as good as gone. */
  function isAlive(pid: number): boolean {
    const status = `/proc/${pid}/status`;
    return existsSync(status) && !/^State:\s+Z/m.test(readFileSync(status, 'utf8'));
  }

  it('that hangs is killed with what it started, and what it said before is kept', async () => {
    const hangs = `
      const child = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'inherit' });
      process.on('SIGTERM', () => {});
      console.log(child.pid);
      setInterval(() => {}, 1e6);`;
    const { state, why, out } = await node(hangs, 2);
    expect([state, why]).toEqual(['cut', 'cut when its 2 s were over']);
    left = Number(out);
    expect(left).toBeGreaterThan(1);
    await expect.poll(() => isAlive(left!)).toBe(false);
  });

  it('that fails says how, and one that is not there too', async () => {
    expect(await node('console.error("no luck"); process.exit(3)', 20)).toMatchObject({
      state: 'failed',
      why: 'ended with 3',
      err: 'no luck\n',
    });
    const missing = await runProgram({ command: '/nonexistent/program', args: [], env: {}, seconds: 5 });
    expect(missing).toMatchObject({ state: 'failed', why: expect.stringMatching(/could not be started/) });
  });
});

describe('the search for a GPU', () => {
  const of = (folders: Readonly<Record<string, readonly string[]>>): Files => ({
    list: (folder) => folders[folder] ?? [],
  });
  const icdFile = '/out/nvidia_icd.json';
  const driver = of({
    '/dev': ['nvidia0', 'nvidiactl', 'null'],
    '/usr/local/nvidia/lib64': ['libEGL_nvidia.so.0', 'libGLX_nvidia.so.0', 'libcuda.so.1'],
    '/opt/nvidia/share/vulkan/icd.d': ['nvidia_icd.json'],
  });

  it('changes nothing where there is no trace of a driver, but for a variable that may be wrong', () => {
    const says = (env: Record<string, string>) =>
      attemptsOf({ files: of({}), env, icdFile }).map((attempt) => attempt.says);
    expect(says({})).toEqual(['as it is']);
    expect(says({ VK_DRIVER_FILES: '/nonexistent' })).toEqual([
      'as it is',
      'without VK_DRIVER_FILES and VK_ICD_FILENAMES',
    ]);
    expect(diagnosis(of({}))).toMatch(/no trace of an NVIDIA driver/);
  });

  it('tries files that lie elsewhere, then files of its own, EGL’s library first, wherever that is', () => {
    const attempts = attemptsOf({ files: driver, env: { LD_LIBRARY_PATH: '/carried' }, icdFile });
    expect(attempts.map(({ says }) => says)).toEqual([
      'as it is',
      'ICD file /opt/nvidia/share/vulkan/icd.d/nvidia_icd.json',
      'ICD file of our own for libEGL_nvidia.so.0',
      'ICD file of our own for libGLX_nvidia.so.0',
      'ICD file of our own for /usr/local/nvidia/lib64/libEGL_nvidia.so.0',
      'ICD file of our own for /usr/local/nvidia/lib64/libGLX_nvidia.so.0',
      'ICD file of our own for libEGL_nvidia.so.0, without the libraries that the kit carries',
      'ICD file of our own for libGLX_nvidia.so.0, without the libraries that the kit carries',
    ]);
    const { env, icd } = attempts[4]!;
    expect(env).toEqual({
      VK_DRIVER_FILES: icdFile,
      LD_LIBRARY_PATH: '/usr/local/nvidia/lib64:/carried',
    });
    expect(JSON.parse(icd!).ICD.library_path).toBe('/usr/local/nvidia/lib64/libEGL_nvidia.so.0');
    expect(attempts.at(-1)!.env.LD_LIBRARY_PATH).toBeNull();
  });

  it('keeps the file of its own that led to the GPU, and hands its variables on', async () => {
    const dist = await mkdtemp(join(tmpdir(), 'planewise-dist-'));
    const file = join(dist, 'nvidia_icd.json');
    await mkdir(join(dist, 'bench'));
    await writeFile(
      join(dist, 'bench/opened.js'),
      `const { readFileSync } = require('node:fs');
       const { VK_DRIVER_FILES, PLANEWISE_ADAPTER, PLANEWISE_MATRICES } = process.env;
       if (!/libEGL/.test(readFileSync(VK_DRIVER_FILES ?? '/nonexistent', 'utf8'))) throw new Error('none here');
       const matrices = PLANEWISE_MATRICES ? { side: 16 } : null;
       const caps = { description: 'H100 for ' + PLANEWISE_ADAPTER, software: false, f16: true, matrices };
       console.log(JSON.stringify({ caps, info: {}, features: [], limits: {} }));`,
    );
    await writeFile(join(dist, 'cli.js'), '');
    const lines: string[] = [];
    const say = (text: string) => void lines.push(text);
    const files = of({ '/dev': ['nvidia0'] });
    const found = await findAdapter({ dist, icdFile: file, adapter: undefined, seconds: 60, files, say });
    expect(found).toMatchObject({
      opened: { caps: { description: 'H100 for gpu' } },
      remedy: 'ICD file of our own for libEGL_nvidia.so.0',
      env: { VK_DRIVER_FILES: file },
      matrices: true,
    });
    expect(JSON.parse(readFileSync(file, 'utf8')).ICD.library_path).toBe('libEGL_nvidia.so.0');
    expect(lines[1]).toMatch(/^1\. as it is: ended with 1: .*ENOENT|none here/);
    await rm(dist, { recursive: true });
  });

  it('tells a container with CUDA alone from one without a driver', () => {
    const cuda = of({ '/dev': ['nvidia0'], '/usr/lib/x86_64-linux-gnu': ['libcuda.so.1'] });
    expect(diagnosis(cuda)).toMatch(/NVIDIA_DRIVER_CAPABILITIES=all/);
    expect(diagnosis(driver)).toMatch(/no way led to the GPU/);
  });
});

describe('forms', () => {
  const tested = (name: string, ran: string[], fitting: string[], rest: Partial<Tested> = {}): Tested => ({
    ...{ name, ms: 1, error: null, worst: 0.1, ran, fitting },
    ...rest,
  });
  const row = (file: string, tests: readonly Tested[], broken: string | null = null): FileRow => ({
    ...{ file, form: null, seconds: 1, tests, broken },
  });

  it('that fit and that no test came to run again on the tests that compare numbers, a new one too', () => {
    const rows = [
      row('few.test.js', [tested('one', ['conv2d gemm f32'], ['conv2d gemm f32', 'conv2d new f32'])]),
      row('many.test.js', [
        tested('labels', ['conv2d gemm f32'], ['conv2d new f32'], { worst: null }),
        tested('wrong', ['conv2d gemm f32'], ['conv2d new f32'], { error: 'no' }),
        ...['two', 'three'].map((name) => tested(name, ['conv2d tile f32'], ['conv2d new f32'])),
      ]),
    ];
    expect(missedForms(rows)).toEqual([
      { file: 'many.test.js', form: 'conv2d new f32', names: ['two', 'three'] },
    ]);
  });

  it('have their failures and their largest error beside them; a file that did not end is not right', () => {
    const rows = [
      row('a', [
        tested('one', ['conv2d gemm f32'], []),
        tested('two', ['conv2d gemm f32'], [], { worst: 0.4 }),
      ]),
      row('b', [tested('three', ['conv2d tile f32'], [], { error: 'off by far', worst: null })], 'crashed'),
    ];
    expect(formRows(rows)).toEqual([
      { form: 'conv2d tile f32', tests: 1, failed: 1, worst: null },
      { form: 'conv2d gemm f32', tests: 2, failed: 0, worst: 0.4 },
    ]);
    expect(rows.map(isRight)).toEqual([true, false]);
  });
});

describe('the model beside what is measured', () => {
  it('is that of the adapter’s architecture, network, precision and batch, and of no other', () => {
    const model = modelOf('NVIDIA H100 80GB HBM3 (NVIDIA 580.1)', results);
    expect(model!.source).toMatch(/^gpulab-.*H100 SXM/);
    expect(modelledMs(model, 'zhang2024', 'f32', 20)).toBeGreaterThan(1);
    expect(modelledMs(model, 'zhang2024', 'f32', 10)).toBeNull();
    const labels = Object.keys(model!.steps[0]!.kernels);
    expect(modelledKernelMs(model, model!.steps[0]!.network, 'f32', labels[0]!)).toBeGreaterThan(0);
    expect(modelOf('NVIDIA H200 (NVIDIA 580.1)', results)!.steps).toEqual(model!.steps);
    expect(modelOf('llvmpipe: Mesa 25.0.7 (LLVM 15)', results)).toBeNull();
    expect(modelOf('NVIDIA T1000', results)).toBeNull();
  });

  const step = (engine: string, medianMs: number, rest: Partial<WayRow> = {}): WayRow => ({
    ...{ engine, config: 'S', batch: 4, medianMs, minMs: medianMs, cpuMs: 1, steps: 3, firstMs: 9 },
    ...{ jsMs: null, losses: [1, 1, 1], facts: {}, precision: null },
    ...rest,
  });

  it('stands in the table with the ratio, by engine', () => {
    const model = modelOf('NVIDIA H100', results)!;
    const modelled = modelledMs(model, 'S', 'f32', 4)!;
    const rows = [step('planewise', 2 * modelled, { precision: 'f32' }), step('PyTorch f32', modelled)];
    const lines = waysTable({ rows, failures: [], noTorch: null }, model).split('\n');
    expect(lines[0]).toMatch(/measured ms.*MODELLED ms.*measured \/ modelled.*times planewise/);
    expect(lines[1]).toMatch(/S +planewise .* 2 +1 /);
    expect(lines[2]).toMatch(/PyTorch f32 .* – +– +0\.5 /);
    expect(lines[3]).toMatch(/MODELLED is the lab's .*never measured/);
  });

  it('keeps an engine’s newest step, and drops what went wrong with it before', () => {
    const failure = { config: 'S', engine: 'PyTorch TF32', reason: 'no' } as const;
    const earlier: Ways = { rows: [step('planewise', 5)], failures: [failure], noTorch: null };
    const now: Ways = { rows: [step('PyTorch TF32', 3)], failures: [], noTorch: null };
    expect(mergeWays(earlier, now)).toEqual({
      rows: [step('planewise', 5), step('PyTorch TF32', 3)],
      failures: [],
      noTorch: null,
    });
  });

  it('has every way that an adapter allows, tuned too', () => {
    const names = (caps: Parameters<typeof ownWays>[0]) =>
      ownWays(caps).map(({ contestant }) => contestant.engine);
    expect(names({ software: true, f16: false, matrices: null })).toEqual([
      'planewise',
      'planewise winograd',
      'planewise tuned',
    ]);
    const all = names({ software: false, f16: true, matrices: { side: 16, lanes: 32, sized: false } });
    expect(all).toEqual(
      expect.arrayContaining(['planewise mixed without matrices', 'planewise mixed tuned']),
    );
    expect(all[0]).toBe('planewise');
  });
});
