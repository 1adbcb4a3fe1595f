/** @file Mutants of TypeScript: what there is, what is drawn, and what the tests say. */
import { draw, nameOf } from './draw.mjs';
import { indexed, judge, testsFor } from './judge.mjs';
import { reach } from './reach.mjs';
import { filesBelow, mutated, sourceMutants } from './stryker.mjs';

const folders = ['src/data', 'src/results', 'src/train'];

/** Tests that use them and need no whole program. */
const near = ['base', 'data', 'results', 'planning', 'report', 'run', 'tasks', 'train'].map(
  (name) => `test/${name}`,
);

/** @returns `all` mutants of the paths, and `results` of those drawn */
export async function mutateSource({ paths, sample, seed, only, tests = near, ...how }) {
  const files = filesBelow(paths.length > 0 ? paths : folders, how.tree);
  const { mutants: all, counted } = await sourceMutants(files, how.tree);
  const drawn = only ? all.filter((mutant) => only.has(nameOf(mutant))) : draw(all, { sample, seed });
  how.say(`${drawn.length} of ${all.length} mutants; which tests reach them:`);
  const found = await reach(tests, counted, how);
  const reached = indexed(found);
  const uncounted = found.filter(({ failure }) => failure);
  const results = await judge(drawn, {
    ...how,
    plan: (mutant) => testsFor(mutant, reached, uncounted),
    textsOf: async (mutant) => {
      const text = await mutated(mutant, how.tree);
      return text === null ? null : { [mutant.file]: text };
    },
  });
  return { all, results };
}
