/**
 * @file A process that holds Vitest and runs test files again and again with other text in place of some of the tree's,
 * handed to it by message; files stay as they are. Its folder is the tree's copy.
 */
import { rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { createVitest } from 'vitest/node';

const [root, setup] = process.argv.slice(2);
/** Text by file, in place of what the tree holds. */
let patches = {};

const inPlace = {
  name: 'mutants',
  enforce: 'pre',
  load: (id) => patches[relative(root, id.split('?')[0])],
};

/** Files run in the order they are asked for. */
class AsAsked {
  shard = (files) => files;
  sort = (files) => files;
}

/** The tests' own settings. */
async function settingsOf() {
  const outfile = join(root, 'dist', `vitest.config.${process.pid}.mjs`);
  const entryPoints = [join(root, 'vitest.config.ts')];
  await build({ entryPoints, outfile, bundle: true, format: 'esm', platform: 'node', packages: 'external' });
  const { default: settings } = await import(pathToFileURL(outfile).href);
  rmSync(outfile);
  return settings.test;
}

async function open() {
  const { testTimeout, hookTimeout, projects } = await settingsOf();
  const node = projects.find(({ test }) => test.name === 'node').test;
  const options = {
    ...{ root, config: false, watch: false, reporters: [{}], silent: true },
    ...{ env: {}, ...node, testTimeout, hookTimeout, bail: setup ? 0 : 1, fileParallelism: false },
    // one that fills memory ends soon
    ...{ execArgv: ['--max-old-space-size=1536'], sequence: { sequencer: AsAsked } },
    ...(setup && { setupFiles: [setup], testTimeout: 600_000 }),
  };
  return createVitest('test', options, { plugins: [inPlace] });
}

/** Whole names, as Vitest matches them. */
const patternOf = (names) =>
  new RegExp(`^(${names.map((name) => name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|')})$`);

const messageOf = (error) => (error?.message ?? String(error)).slice(0, 300);

/** What fell: `where` and `message` of the first. */
function firstFailure(modules, unhandledErrors) {
  for (const module of modules) {
    const [error] = module.errors();
    if (error) return { where: module.relativeModuleId, message: messageOf(error) };
    for (const test of module.children.allTests('failed'))
      return { where: test.fullName, message: messageOf(test.result().errors[0]) };
    for (const suite of module.children.allSuites())
      if (suite.errors().length) return { where: suite.fullName, message: messageOf(suite.errors()[0]) };
  }
  const [error] = unhandledErrors;
  return error ? { where: 'unhandled', message: messageOf(error) } : null;
}

function timesOf(modules) {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const nameOf = ({ name, parent }) => (parent.type === 'module' ? name : `${nameOf(parent)} ${name}`);
  const ran = tests.filter((test) => ['passed', 'failed'].includes(test.result().state));
  return Object.fromEntries(ran.map((test) => [nameOf(test), (test.diagnostic()?.duration ?? 0) / 1000]));
}

const vitest = await open();
async function run({ texts, tests, env = {} }) {
  for (const file of Object.keys({ ...patches, ...texts }))
    if (patches[file] !== texts[file]) vitest.invalidateFile(join(root, file));
  patches = texts;
  const [project] = vitest.projects;
  Object.assign(project.config.env, env);
  const specifications = tests.map(({ file, names }) =>
    project.createSpecification(join(root, file), names ? { testNamePattern: patternOf(names) } : {}),
  );
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications(specifications);
  // Vitest tells of what ran before, too
  const asked = new Set(specifications.map(({ moduleId }) => moduleId));
  const modules = testModules.filter(({ moduleId }) => asked.has(moduleId));
  return { failure: firstFailure(modules, unhandledErrors), times: timesOf(modules) };
}

process.on('message', async (job) => {
  const outcome = await run(job).catch((error) => ({ error: error.stack ?? String(error) }));
  process.send(outcome);
});
process.send('ready');
