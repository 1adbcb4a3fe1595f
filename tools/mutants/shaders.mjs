/** @file Mutants of shaders: each is in the generated module alone, and judged by the test files that compile its shader. */
import { basename } from 'node:path';
import { openCompiler } from '../shader-compiler.mjs';
import { shaderModule } from '../shader-module.mjs';
import { draw, nameOf } from './draw.mjs';
import { alike, judge } from './judge.mjs';
import { reach } from './reach.mjs';
import { shaderMutants, usersOf, withMutant } from './wgsl.mjs';

const near = ['test/kernels', 'test/autograd', 'test/gpu'];

/** Seconds of test files that are run for one mutant. */
const ENOUGH = 120;

/** Test files that compile a shader with the mutant in it: those named like it first, then the quick ones. */
function plan({ path }, reached) {
  const names = usersOf(path).map((file) => basename(file, '.wgsl'));
  const files = reached.filter(({ shaders }) => shaders && names.some((name) => shaders.includes(name)));
  const like = ({ file }) => Math.max(...names.map((name) => alike(basename(file), name)));
  const sorted = files.map(({ file, wall }) => ({ file, seconds: wall, like: like({ file }) }));
  sorted.sort((a, b) => b.like - a.like || a.seconds - b.seconds);
  let total = 0;
  return sorted.filter(({ seconds }, at) => {
    total += seconds;
    return at === 0 || total <= ENOUGH;
  });
}

/** The generated module with a mutant in it; null where it does not compile. */
async function moduleWith(mutant, compile) {
  const instead = withMutant(mutant);
  try {
    const text = shaderModule(instead);
    const problems = await Promise.all(usersOf(mutant.path).map((file) => compile(file, instead)));
    return problems.flat().length > 0 ? null : { 'src/kernels/shaders.gen.ts': text };
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** @returns `all` mutants of the shaders, and `results` of those drawn */
export async function mutateShaders({ paths, sample, seed, only, tests = near, ...how }) {
  const all = shaderMutants(
    paths.length > 0 ? paths.map((path) => path.replace(/^shaders\//, '')) : undefined,
  );
  const drawn = only ? all.filter((mutant) => only.has(nameOf(mutant))) : draw(all, { sample, seed });
  how.say(`${drawn.length} of ${all.length} mutants; which tests compile their shaders:`);
  const reached = await reach(tests, {}, how);
  const { compile, close } = await openCompiler();
  try {
    const results = await judge(drawn, {
      ...how,
      plan: (mutant) => plan(mutant, reached),
      textsOf: (mutant) => moduleWith(mutant, compile),
    });
    return { all, results };
  } finally {
    close();
  }
}
