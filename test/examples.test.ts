/** @file The programs of examples/ with the package as it is installed: they do what they say. */
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type BuildOptions, build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writePhantomCohort } from '../src/data/phantom.node.ts';
import { install, type Project, run } from './installed.ts';

const examples = fileURLToPath(new URL('../examples/', import.meta.url));
let project: Project;
beforeAll(async () => {
  project = await install();
  await cp(examples, project.folder, { recursive: true });
});
afterAll(() => project.remove());

async function outputOf(name: string, ...args: string[]): Promise<string> {
  const { code, output } = await run(process.execPath, [join(project.folder, name), ...args], project.folder);
  expect(code, output).toBe(0);
  return output;
}

describe('the examples', () => {
  it('train a classifier from scratch, in 60 lines', async () => {
    const [, accuracy] = /step 100: .*accuracy ([\d.]+)/.exec(await outputOf('classifier.mjs')) ?? [];
    expect(Number(accuracy)).toBeGreaterThan(0.9);
    expect((await readFile(`${examples}classifier.mjs`, 'utf8')).split('\n').length).toBeLessThan(60);
  });

  it('add an op with its gradient', async () => {
    const [, error] = /greatest error is (\S+)/.exec(await outputOf('custom-op.mjs')) ?? [];
    expect(Number(error)).toBeLessThan(1e-6);
  });

  it('read a folder of DICOM', async () => {
    const folder = join(project.folder, 'study');
    await writePhantomCohort(folder, { layout: 'dicom', subjects: 1, seed: 1, phases: 1, size: 32 });
    const output = await outputOf('own-data.mjs', folder);
    const [, count] = /^(\d+) images of 32×32/m.exec(output) ?? [];
    expect(Number(count)).toBeGreaterThan(3);
  });

  it('write weights and read them again', async () => {
    const output = await outputOf('weights.mjs', 'made.safetensors');
    expect(output).toContain('0.weight');
    expect(output).not.toContain('changed');
  });

  it('train what a bundler makes of the page’s program', async () => {
    const options = {
      absWorkingDir: project.folder,
      entryPoints: ['page.mjs'],
      bundle: true,
      write: false,
    } satisfies BuildOptions;
    const forBrowser = await build({ ...options, format: 'esm', platform: 'browser', logLevel: 'silent' });
    expect(forBrowser.warnings).toEqual([]);
    expect(forBrowser.outputFiles![0]!.text).not.toContain('node:');
    await build({
      ...options,
      write: true,
      logLevel: 'silent',
      outfile: 'bundled.mjs',
      format: 'esm',
      platform: 'node',
    });
    const said: string[] = [];
    const { train } = await import(pathToFileURL(join(project.folder, 'bundled.mjs')).href);
    await train((text: string) => said.push(text));
    expect(said.at(-1)).toMatch(/loss 0\.00/);
  });
});
