/** @file The packed package in a project of its own: its declarations compile, bundlers take it and leave out the rest. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type BuildOptions, build } from 'esbuild';
import { build as viteBuild } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compile, install, type Project, run } from './installed.ts';

let project: Project;

beforeAll(async () => {
  project = await install(['@types/node', '@webgpu/types', 'undici-types']);
  await Promise.all(Object.entries(programs).map(([name, text]) => project.write(name, text)));
});
afterAll(() => project.remove());

/** A classifier of images, compressed: half of it is shaders, for every form of convolution that some GPU may want. */
const CLASSIFIER_KB = 128;

const classifier = `
  export class Classifier {
    readonly module: Module;
    readonly #conv: Conv2d;
    readonly #norm: BatchNorm2d;
    readonly #last: Linear;

    constructor(device: Device) {
      const declarations = new Declarations();
      this.#conv = new Conv2d(declarations.at('conv'), { channelsIn: 1, channelsOut: 8, kernel: 3, padding: 1 });
      this.#norm = new BatchNorm2d(declarations.at('norm'), 8);
      this.#last = new Linear(declarations.at('last'), 14 * 14 * 8, 10);
      this.module = new Module(device, declarations, 1);
    }

    forward(x: Tensor): Tensor {
      const features = ops.relu(this.#norm.forward(this.#conv.forward(x), true));
      return this.#last.forward(ops.reshape(ops.maxPool2d(features, { kernel: 2 }), [4, 14 * 14 * 8]));
    }
  }

  export async function main(): Promise<number> {
    const device = await openDevice();
    using _inside = scope();
    const model = new Classifier(device);
    const x = tensor(device, new Float32Array(4 * 28 * 28), [4, 28, 28, 1]);
    const labels = tensor(device, new Uint32Array(4), [4]);
    const optimizer = new Optimizer(model.module.arena, { kind: 'adam' });
    const step = await capture(device, () => {
      using tape = new Tape();
      const loss = ops.crossEntropy(model.forward(x), labels);
      tape.backward(loss);
      optimizer.apply(loss);
      return { loss };
    });
    optimizer.prepare(1, 1e-3);
    step.run();
    const [loss = NaN] = await step.outputs.loss.read();
    return Number(loss);
  }`;
const names =
  'BatchNorm2d, Conv2d, type Device, Declarations, Linear, Module, Optimizer, Tape, type Tensor, capture, openDevice, scope, tensor';

const programs = {
  'classifier.ts': `import { ${names}, ops } from 'planewise';${classifier}`,
  'lean.ts': `import { ${names} } from 'planewise/engine';
    import * as ops from 'planewise/ops';${classifier}`,
  'error.ts': `export { ShapeError } from 'planewise';`,
  'relu.ts': `import { openDevice, tensor } from 'planewise/engine';
    import * as ops from 'planewise/ops';
    const device = await openDevice();
    console.log([...(await ops.relu(tensor(device, [-1, 2], [2])).read())].join());
    device.dispose();`,
  'whole.ts': `import * as planewise from 'planewise';
    import * as engine from 'planewise/engine';
    import * as ops from 'planewise/ops';
    import * as data from 'planewise/data';
    export { data, engine, ops, planewise };`,
  'types.ts': `
    import { type Device, openDevice, ops, resolveConfig, type Shape, scope, type Tensor, tensor } from 'planewise';
    import { type Device as Same, ShapeError } from 'planewise/engine';
    import { relu } from 'planewise/ops';
    import { labelStudies, type PreparedData } from 'planewise/data';
    export async function main({ manifest }: PreparedData): Promise<number> {
      const device: Device = await openDevice();
      const same: Same = device;
      using inside = scope();
      const shape: Shape = [1, 2];
      const x: Tensor = inside.keep(relu(ops.relu(tensor(same, [1, 2], shape))));
      const config = resolveConfig({ preset: 'small', augmentation: { flipX: true } });
      // @ts-expect-error no tensor
      if (config.batch < 0) ops.relu(1);
      // @ts-expect-error no such preset
      if (config.batch < 0) resolveConfig({ preset: 'large' });
      const label: string = device.gpu.label;
      const found: readonly object[] = manifest.images;
      return new ShapeError(label, 'x', typeof labelStudies, '').message.length + found.length + x.size;
    }`,
  'node.ts': `
    import { data, DiskFiles, listCandidates, loadWeights } from 'planewise';
    export const files: Promise<readonly object[]> = data.listFiles('study');
    export const all: readonly unknown[] = [new DiskFiles('run'), listCandidates, loadWeights];`,
  'gpu.ts': `
    import { openDevice } from 'planewise';
    export const gpu: GPUDevice = (await openDevice()).gpu;
    export const buffer = gpu.createBuffer({ size: 4, usage: 128 });
    // @ts-expect-error the device is the real one
    gpu.createNothing();`,
};

const nodes = { module: 'NodeNext', moduleResolution: 'NodeNext' };
const nodes16 = { module: 'Node16', moduleResolution: 'Node16' };
const bundler = { module: 'ESNext', moduleResolution: 'Bundler' };
const plain = { lib: ['ES2022'] };
const dom = { lib: ['ES2022', 'DOM', 'DOM.Iterable'] };
const browser = { customConditions: ['browser'] };

describe('the declarations', () => {
  const matrix = [
    ...[plain, dom].flatMap((lib) => [nodes, bundler].map((modules) => ({ ...lib, ...modules }))),
    { ...plain, ...nodes16 },
  ].flatMap((options) => [options, { ...options, ...browser }]);

  it.each(matrix)('compile with %o', async (options) => {
    const both = ['types.ts', 'classifier.ts', 'lean.ts'];
    const files = 'customConditions' in options ? both : [...both, 'node.ts'];
    expect(await compile('typescript', options, files, project)).toBe('');
  });

  it('compile with older compilers', async () => {
    const inBrowser = { ...dom, ...bundler, ...browser };
    expect(await compile('typescript57', { ...plain, ...nodes }, ['types.ts', 'node.ts'], project)).toBe('');
    expect(await compile('typescript59', inBrowser, ['types.ts', 'lean.ts'], project)).toBe('');
  });

  it('give the device the types of WebGPU where the program has them', async () => {
    const given = { ...nodes, skipLibCheck: true, types: ['node', '@webgpu/types'], lib: ['ES2022', 'DOM'] };
    expect(await compile('typescript57', given, ['gpu.ts', 'types.ts', 'node.ts'], project)).toBe('');
    expect(await compile('typescript', { ...dom, ...bundler }, ['gpu.ts'], project)).toBe('');
  });
});

async function bundled(
  entry: string,
  options: BuildOptions = {},
): Promise<{ text: string; kilobytes: number }> {
  const { outputFiles, warnings } = await build({
    absWorkingDir: project.folder,
    entryPoints: [entry],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    write: false,
    outdir: 'out',
    logLevel: 'silent',
    ...options,
  });
  expect(warnings).toEqual([]);
  const bytes = outputFiles![0]!.contents;
  return { text: outputFiles![0]!.text, kilobytes: gzipSync(bytes, { level: 9 }).length / 1000 };
}

describe('a bundle', () => {
  it('of a classifier of images is small', async () => {
    const { text, kilobytes } = await bundled('lean.ts');
    expect(kilobytes).toBeLessThan(CLASSIFIER_KB);
    for (const unused of ['name:"groupNorm"', 'name:"avgPool2d"', 'name:"dropout"', '_zod'])
      expect(text).not.toContain(unused);
  });

  it('holds only the ops of planewise/ops that it uses', async () => {
    const { text, kilobytes } = await bundled('relu.ts');
    expect(text).toContain('unary');
    expect(text).not.toMatch(/winograd[\d.]/);
    expect(kilobytes).toBeLessThan(40);
  });

  it('of an error class is that class', async () => {
    expect((await bundled('error.ts')).kilobytes).toBeLessThan(1);
  });

  it('can be made of everything, for the browser and for Node, without options or warnings', async () => {
    await bundled('whole.ts');
    await bundled('whole.ts', { format: 'iife', minify: false });
    await bundled('whole.ts', { platform: 'node' });
    await bundled('whole.ts', { platform: 'node', format: 'cjs' });
  });

  it('runs in Node', async () => {
    const { text } = await bundled('relu.ts', { platform: 'node' });
    const { output } = await run(process.execPath, [await project.write('relu.mjs', text)], project.folder);
    expect(output).toContain('0,2');
  });

  it('can be made by vite, which looks into namespaces too', async () => {
    const said: string[] = [];
    const say = (text: string): unknown => said.push(text);
    const customLogger = {
      ...{ info: () => {}, clearScreen: () => {}, hasErrorLogged: () => false, hasWarned: false },
      ...{ warn: say, warnOnce: say, error: say },
    } as never;
    const made = async (name: string): Promise<Uint8Array> => {
      const lib = { entry: join(project.folder, name), formats: ['es' as const], fileName: 'made' };
      const options = { outDir: 'vite', minify: true, chunkSizeWarningLimit: 10_000, lib };
      await viteBuild({ root: project.folder, configFile: false, customLogger, build: options });
      return readFile(join(project.folder, 'vite', 'made.js'));
    };
    await made('whole.ts');
    expect(gzipSync(await made('classifier.ts'), { level: 9 }).length / 1000).toBeLessThan(CLASSIFIER_KB);
    expect(said).toEqual([]);
  });
});

describe('the package', () => {
  it('holds the library, the programs and what describes them', () => {
    const { files } = project;
    const weights = [
      ...['weights.safetensors', 'config.json', 'made.json'].map((name) => `builtin/${name}`),
      'docs/builtin-weights.md',
    ];
    for (const name of [
      'dist/cli.js',
      'dist/train.js',
      'dist/index.js',
      'dist/LICENSES.txt',
      'dist/web/index.html',
      'LICENSE',
      'README.md',
      ...weights,
    ])
      expect(files).toContain(name);
    expect(
      files.filter((name) => /^dist\/(api|bench|bundle|web\/builtin)\b|\.map$|\.gen\.d\.ts$/.test(name)),
    ).toEqual([]);
    const others = files.filter(
      (name) => !/^(dist\b|LICENSE$|README\.md$|CHANGELOG\.md$|package\.json$)/.test(name),
    );
    expect(others.sort()).toEqual(['builtin', 'docs', ...weights].sort());
  });

  it('exports files that are there', async () => {
    const text = await readFile(join(project.folder, 'node_modules/planewise/package.json'), 'utf8');
    const targets = [...JSON.stringify(JSON.parse(text).exports).matchAll(/"\.\/([^"]+\.(?:js|d\.ts))"/g)];
    expect(targets.length).toBeGreaterThan(12);
    for (const [, target] of targets) expect(project.files).toContain(target);
  });

  it('runs in Node as it is, and its command line too', async () => {
    const script = `import { ops } from 'planewise'; import { relu } from 'planewise/ops';
      import { prepare } from 'planewise/data'; import 'planewise/engine';
      import { existsSync } from 'node:fs';
      const weights = new URL(import.meta.resolve('planewise/builtin/weights.safetensors'));
      console.log(ops.relu === relu, typeof prepare, existsSync(weights));`;
    const path = await project.write('plain.mjs', script);
    expect((await run(process.execPath, [path], project.folder)).output).toBe('true function true\n');
    const cli = join(project.folder, 'node_modules/planewise/dist/cli.js');
    const shown = await run(process.execPath, [cli, 'weights', 'show', 'builtin'], project.folder);
    expect(shown.output).toContain('They never saw a patient');
    expect((await run(process.execPath, [cli, '--version'], project.folder)).output).toMatch(
      /^\d+\.\d+\.\d+\n$/,
    );
  });

  it('is imported in any place without a look at its globals', async () => {
    const script = `for (const name of ['navigator', 'window', 'document', 'self'])
        Object.defineProperty(globalThis, name, { get() { throw new Error(name + ' was touched'); } });
      for (const name of ['index.web.js', 'engine.web.js', 'data/index.js', 'index.js'])
        await import('./node_modules/planewise/dist/' + name);
      console.log('imported');`;
    const path = await project.write('untouched.mjs', script);
    expect((await run(process.execPath, [path], project.folder)).output).toBe('imported\n');
  });
});
