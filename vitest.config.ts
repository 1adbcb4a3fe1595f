import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { launchOptions } from './test/browser/chromium.ts';
import { tasksInNode, workloadInNode } from './test/browser/commands.ts';

/** Specs that need a device and nothing of Node: they run in both places, on the same software adapter. */
const everywhere = [
  ...['base', 'tensor', 'kernels', 'autograd', 'models', 'tasks', 'browser'].map(
    (folder) => `test/${folder}/**/*.test.ts`,
  ),
  'test/train/loop.test.ts',
];

/** Whether what takes minutes runs too. */
const slow = process.env.PLANEWISE_SLOW === '1';

/** What is long and tested in Node in any case: forms of kernels, whole networks, tasks that learn. In Chromium with what is slow. */
const long = [
  ...[
    'conv2d.*',
    'winogradParts',
    'limits.conv',
    'nan.conv',
    'runs',
    'convGeneral.use',
    'batchNorm.*',
    'groupNorm.lanes',
  ].map((name) => `kernels/${name}`),
  ...['networks.golden', 'volumes.golden'].map((name) => `models/${name}`),
  ...['reconstruction', 'recolourisation', 'selfLoop', 'stackRotation', 'rubik', 'orientation/training'].map(
    (name) => `tasks/${name}`,
  ),
].map((name) => `test/${name}.test.ts`);

/** Nothing that these change outlives them, so a process reads the sources once for many files. */
const engine = [
  'base',
  'tensor',
  'kernels',
  'autograd',
  'models',
  'tasks',
  'results',
  'report',
  'planning',
].map((folder) => `test/${folder}/**/!(*.node).test.ts`);

/** Whom the data of tests name is nobody's business: not a key among the sources. */
const key = join(tmpdir(), `planewise-key-of-tests-${process.pid}.jsonl`);

/** Of every project: one that has its own does not take over what stands above all. */
const env = { PLANEWISE_SLOW: slow ? '1' : '', PLANEWISE_KEY: key };

const inNode: TestProjectInlineConfiguration['test'] = {
  env: { ...env, PLANEWISE_ADAPTER: process.env.PLANEWISE_ADAPTER || 'swiftshader' },
  pool: 'forks',
  maxWorkers: 2,
  // the built library as Node loads it
  server: { deps: { external: [/\/dist\//] } },
};

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          ...inNode,
          name: 'node',
          include: ['test/**/*.test.ts'],
          exclude: [...engine, 'test/browser/**', 'test/web/*.page.test.ts'],
        },
      },
      {
        extends: true,
        test: { ...inNode, name: 'engine', include: engine, isolate: false },
      },
      {
        // the built page, driven as a user would; Node trains beside it
        extends: true,
        test: {
          name: 'web',
          include: ['test/web/*.page.test.ts'],
          // as long as Playwright waits for what it is asked for
          expect: { poll: { timeout: 30_000 } },
          // where all of it runs for an hour, a browser's own failure is not the page's; the second try is told
          retry: slow ? 1 : 0,
          globalSetup: ['test/browser/chromium.ts'],
          env: { ...env, PLANEWISE_ADAPTER: 'swiftshader' },
          pool: 'forks',
          fileParallelism: false,
        },
      },
      {
        extends: true,
        // bundled before the run, not found in the middle of it
        optimizeDeps: { include: ['fast-check'] },
        test: {
          name: 'browser',
          env,
          include: everywhere,
          exclude: ['**/*.node.test.ts', ...(slow ? [] : long)],
          globalSetup: ['test/browser/chromium.ts'],
          fileParallelism: false,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            // a secure context, and no name to look up
            api: { host: '127.0.0.1' },
            provider: playwright({ launchOptions }),
            instances: [{ browser: 'chromium' }],
            commands: { tasksInNode, workloadInNode },
          },
        },
      },
    ],
  },
});
