/** @file The tools of tools/mutants: what is drawn, what is counted, and that a change is found where a test looks. */
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { draw, nameOf } from '../../tools/mutants/draw.mjs';
import { scoreOf, tableOf, wilson } from '../../tools/mutants/score.mjs';
import { mutateShaders } from '../../tools/mutants/shaders.mjs';
import { mutateSource } from '../../tools/mutants/source.mjs';
import { changesOf, shaderMutants } from '../../tools/mutants/wgsl.mjs';
import { root } from '../../tools/wgsl.mjs';

let scratch = '';
beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'planewise-planted-'));
});
afterEach(() => rm(scratch, { recursive: true }));

const asked = () => ({ sample: Infinity, seed: 1, jobs: 1, kept: join(scratch, 'kept'), say: () => {} });

describe('a sample of mutants', () => {
  const all = Array.from({ length: 400 }, (_, i) => ({ key: `${i}`, stratum: i < 300 ? 'large' : 'small' }));
  const options = { sample: 100, seed: 5 };

  it('has of each stratum its share, at least a few, and depends on the seed', () => {
    const drawn = draw(all, options);
    expect(drawn.filter(({ stratum }) => stratum === 'small')).toHaveLength(25);
    expect(drawn).toHaveLength(100);
    expect(draw(all, options)).toEqual(drawn);
    expect(draw(all, { ...options, seed: 6 })).not.toEqual(drawn);
    const lone = { key: 'lone', stratum: 'lone' };
    expect(draw([...all, lone], options)).toContain(lone);
  });

  it('stays what it was where others come or go', () => {
    const drawn = draw(all, options);
    const others = all.filter((mutant) => !drawn.includes(mutant)).slice(0, 4);
    expect(
      draw(
        all.filter((mutant) => !others.includes(mutant)),
        options,
      ),
    ).toEqual(drawn);
  });
});

it('a score is the mean of the strata by their sizes, in which what does not compile counts as none', () => {
  const results = (stratum: string, counts: Record<string, number>) =>
    Object.entries(counts).flatMap(([status, count]) =>
      Array.from({ length: count }, () => ({ stratum, status })),
    );
  const score = scoreOf(
    [
      ...results('a', { killed: 6, timeout: 2, survived: 1, 'no test': 1, invalid: 3 }),
      ...results('b', { survived: 5, killed: 5 }),
    ],
    { a: 130, b: 390 },
  );
  expect(score.score).toBeCloseTo(0.25 * 0.8 + 0.75 * 0.5, 12);
  // of the strata 13 of 130 and 10 of 390 were tried
  const variance = 0.25 ** 2 * ((0.8 * 0.2) / 9) * 0.9 + 0.75 ** 2 * (0.25 / 9) * (1 - 10 / 390);
  expect(score.high - score.score).toBeCloseTo(1.959964 * Math.sqrt(variance), 12);
  expect(tableOf(score)).toContain('| a | 130 | 13 | 6 | 2 | 1 | 1 | 3 | 80.0 % | 49.0 % to 94.3 % |');
  // Newcombe 1998, table I: 81 of 263 and 0 of 20
  expect(wilson(81, 263)).toMatchObject({ low: expect.closeTo(0.2553, 4), high: expect.closeTo(0.3662, 4) });
  expect(wilson(0, 20)).toMatchObject({ low: 0, high: expect.closeTo(0.1611, 4) });
});

it('mutants of TypeScript are found where a test looks, and named where none does', async () => {
  const files = {
    'vitest.config.ts':
      "export default { test: { projects: [{ test: { name: 'node', include: ['test/*.test.ts'], pool: 'forks' } }] } };",
    'src/planted/larger.ts': `
      export const larger = (a: number, b: number): number => (a > b ? a : b);
      export function unlooked(a: number): number { return a + 1; }
      export function endless(count: number): number { let i = 0; while (i < count) i++; return i; }`,
    'test/larger.test.ts': `
      import { expect, it } from 'vitest';
      import { endless, larger, unlooked } from '../src/planted/larger.ts';
      it('is the larger', () => { expect([larger(1, 2), larger(2, 1)]).toEqual([2, 2]); });
      it('looks at nothing', () => { unlooked(1); });`,
  };
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(scratch, dirname(path)), { recursive: true });
    await writeFile(join(scratch, path), text);
  }
  await symlink(join(root, 'node_modules'), join(scratch, 'node_modules'));
  const { all, results } = await mutateSource({
    ...asked(),
    ...{ paths: ['src/planted'], tests: ['test'], tree: scratch },
  });
  expect(results.map(({ key }) => key)).toEqual(all.map(({ key }) => key));
  const found = Object.fromEntries(
    results.map(({ key, status, by }) => [key.split(' ').slice(1).join(' '), { status, by }]),
  );
  expect(found['EqualityOperator a >= b']!.status).toBe('survived');
  expect(found['EqualityOperator a <= b']).toMatchObject({
    status: 'killed',
    by: { where: 'is the larger' },
  });
  expect(found['ArithmeticOperator a - 1']!.status).toBe('survived');
  expect(found['EqualityOperator i <= count']!.status).toBe('no test');
}, 120_000);

describe('mutants of shaders', () => {
  it('are bounds, signs, operands, indices, constants and barriers, but nothing that is declared', () => {
    const of = (line: string) =>
      [...changesOf(line)].map(({ kind, original, replacement, column }) => {
        expect(line.slice(column, column + original.length)).toBe(original);
        return `${kind}: ${replacement}`;
      });
    expect(of('  if (i >= params.count || k == 2u) { return; } // or i < 3')).toEqual([
      ...['bound: >', 'bound: !=', 'operand: &&', 'constant: 3'],
    ]);
    expect(of('  y[i] = min(vec2<f32>(x[at + 1u]), a) - b * c;')).toEqual([
      ...[
        'sign: -',
        'sign: +',
        'operand: max',
        'operand: +',
        'index: i + 1',
        'index: at + 1u + 1',
        'constant: 2',
      ],
    ]);
    expect(of('    workgroupBarrier();')).toEqual(['barrier: ']);
    for (const line of [
      'const TILE: u32 = 64u;',
      '@group(0) @binding(1) var<storage> x: array<f32>;',
      '  count: u32,',
    ])
      expect(of(line)).toEqual([]);
  });

  it('fall where a kernel is compared with its reference', async () => {
    const line = 'let lower = (place.z * params.height + min(top + 1u, params.height - 1u)) * params.width;';
    const planted = shaderMutants(['upsample.wgsl']).filter(
      ({ text, original }) => text === line && original === 'min',
    );
    expect(planted).toMatchObject([{ kind: 'operand', replacement: 'max' }]);
    const { results } = await mutateShaders({
      ...asked(),
      ...{ paths: ['upsample.wgsl'], tests: ['test/kernels/upsample.test.ts'], tree: root },
      only: new Set(planted.map(nameOf)),
    });
    expect(results).toMatchObject([{ status: 'killed' }]);
    expect(results[0]!.by!.where).toContain('upsampleBilinear2d');
  }, 240_000);
});
