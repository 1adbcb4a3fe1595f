/** @file The code of the README and of the page on volumes does what it says. */

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { apply } from '../src/autograd/ops.ts';
import { readNifti } from '../src/data/nifti.ts';
import { writePhantomCohort } from '../src/data/phantom.node.ts';
import type { Op } from '../src/kernels/op.ts';
import { reflectSource } from '../tools/reflect.mjs';
import { checkOp, random } from './check.ts';
import { useDevice } from './device.ts';

const root = new URL('..', import.meta.url);
const readme = await readFile(new URL('README.md', root), 'utf8');
const volumes = await readFile(new URL('docs/volumes.md', root), 'utf8');
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'planewise-readme-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A page's code block that holds `marker`. */
function block(language: string, marker: string, page = readme): string {
  const blocks = [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)];
  const found = blocks.filter(([, tag, text]) => tag === language && text!.includes(marker));
  expect(found, `${language} blocks with ${marker}`).toHaveLength(1);
  return found[0]![2]!;
}

async function load(name: string, code: string): Promise<Record<string, unknown>> {
  const path = join(folder, name);
  await writeFile(path, code);
  return import(/* @vite-ignore */ pathToFileURL(path).href);
}

describe('the op of the README', () => {
  const device = useDevice();

  test('has the right values and gradients', async () => {
    const shader = reflectSource('swish', block('wgsl', 'shaders/swish.wgsl'));
    await writeFile(
      join(folder, 'shaders.gen.ts'),
      `export const swish = ${JSON.stringify(shader)} as const;`,
    );
    const kernels = fileURLToPath(new URL('src/kernels/', root));
    const code = block('ts', 'src/kernels/swish.ts').replaceAll(
      /from '\.\/(op|launch\/queue)\.ts'/g,
      `from '${kernels}$1.ts'`,
    );
    const { swish } = (await load('swish.ts', code)) as { swish: Op<null> };
    await checkOp(device(), {
      inputs: [random([3, 5, 7], 1, -4, 4)],
      forward: (x) => apply(swish, [x], null),
      reference: (x) => ({ shape: x.shape, data: x.data.map((v) => v / (1 + Math.exp(-v))) }),
    });
  });
});

test('the library example of the README runs', async () => {
  const study = join(folder, 'study');
  await writePhantomCohort(study, { subjects: 1, seed: 1, phases: 1, size: 64 });
  const index = fileURLToPath(new URL('src/index.ts', root));
  const code = block('ts', "from 'planewise'")
    .replace("from 'planewise'", `from '${index}'`)
    .replace("'study'", JSON.stringify(study));
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  await load('library.ts', code);
  const printed = log.mock.calls;
  log.mockRestore();
  expect(printed.length).toBeGreaterThan(8);
  const [, lines, location] = printed[0] as [string, number[][], number];
  expect(lines).toHaveLength(2);
  expect(Math.hypot(lines[0]![0]!, lines[0]![1]!)).toBeCloseTo(1, 6);
  expect(location).toBe(0);
  const gradient = printed.at(-1)![0] as Float32Array;
  expect(gradient).toHaveLength(3 * 3 * 8);
  expect(gradient.some((v) => v !== 0)).toBe(true);
});

test('the example of volumes trains, and writes the classes of a whole one on its grid', async () => {
  const hearts = join(folder, 'hearts');
  const cohort = { subjects: 1, seed: 1, phases: 1, size: 32, layout: 'acdc' };
  await writePhantomCohort(hearts, cohort);
  const found = join(folder, 'found.nii.gz');
  const index = fileURLToPath(new URL('src/index.ts', root));
  const changes = [
    ["from 'planewise'", `from '${index}'`],
    ["'hearts/acdc'", JSON.stringify(join(hearts, 'acdc'))],
    ["'found.nii.gz'", JSON.stringify(found)],
    ['[10, 2, 2]', '[10, 8, 8]'],
    ['[8, 64, 64]', '[8, 16, 16]'],
    ['16 * 2 ** level', '2 + level'],
    ['steps = 500', 'steps = 3'],
    ['t % 50', 't % 1'],
  ] as const;
  const code = changes.reduce(
    (text, [from, to]) => {
      expect(text).toContain(from);
      return text.replaceAll(from, to);
    },
    block('ts', 'predictVolume', volumes),
  );
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  await load('volumes.ts', code);
  const printed = log.mock.calls as [number, number][];
  log.mockRestore();
  expect(printed.map(([step]) => step)).toEqual([1, 2, 3]);
  expect(printed.every(([, loss]) => loss > 0 && loss < 5)).toBe(true);
  const labels = readNifti(new Uint8Array(await readFile(found)), found);
  expect(labels.dims.slice(0, 2)).toEqual([32, 32]);
  expect(labels.data.every((one) => one >= 0 && one < 4)).toBe(true);
});
