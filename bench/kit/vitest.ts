/** @file What the kernels’ tests use of Vitest, for a machine without it: tests are collected, then run in their order. */
import { format } from 'node:util';
import {
  ASYMMETRIC_MATCHERS_OBJECT,
  chai,
  GLOBAL_EXPECT,
  type getState,
  JestAsymmetricMatchers,
  JestChaiExpect,
  JestExtend,
  setState,
} from '@vitest/expect';
import { restoreAllMocks, spyOn } from '@vitest/spy';

type Action = () => unknown;

interface Suite {
  readonly name: string;
  readonly parent: Suite | undefined;
  readonly entries: (Suite | Test)[];
  readonly hooks: Readonly<Record<'beforeAll' | 'beforeEach' | 'afterEach' | 'afterAll', Action[]>>;
}

interface Test {
  readonly name: string;
  readonly action: Action;
}

/** What came of a test; `error` undefined: it passed. */
export interface Outcome {
  readonly name: string;
  readonly ms: number;
  readonly error: unknown;
}

const suiteOf = (name: string, parent?: Suite): Suite => {
  const hooks = { beforeAll: [], beforeEach: [], afterEach: [], afterAll: [] };
  return { name, parent, entries: [], hooks };
};

const top = suiteOf('');
let current = top;

function addSuite(name: string, body: () => void): void {
  const suite = suiteOf(name, current);
  current.entries.push(suite);
  current = suite;
  try {
    body();
  } finally {
    current = suite.parent!;
  }
}

const addTest = (name: string, action: Action): void => void current.entries.push({ name, action });

/** `each` of Vitest: a call for every row, which is an array of arguments or one argument. */
const each =
  (add: (name: string, action: () => unknown) => void) =>
  (rows: readonly unknown[]) =>
  (name: string, action: (...given: unknown[]) => unknown): void => {
    for (const row of rows) {
      const given = Array.isArray(row) ? row : [row];
      const holes = (name.match(/%[sdifjoO]/g) ?? []).length;
      add(format(name, ...given.slice(0, holes)), () => action(...given));
    }
  };

/** `runIf` of Vitest: what adds, or what leaves out. */
const runIf =
  <T extends (...given: never[]) => void>(add: T) =>
  (condition: boolean): T =>
    condition ? add : ((() => {}) as unknown as T);

const eachSuite = each(addSuite as typeof addTest);
export const describe = Object.assign(addSuite, { each: eachSuite, runIf: runIf(addSuite) });
export const it = Object.assign(addTest, { each: each(addTest), runIf: runIf(addTest) });
export const test = it;

const hook = (kind: keyof Suite['hooks']) => (action: Action) => void current.hooks[kind].push(action);
export const beforeAll = hook('beforeAll');
export const beforeEach = hook('beforeEach');
export const afterEach = hook('afterEach');
export const afterAll = hook('afterAll');

/** Time limits are those of whoever runs the tests. */
export const vi = { spyOn, restoreAllMocks, setConfig: () => {} };

for (const plugin of [JestExtend, JestChaiExpect, JestAsymmetricMatchers]) chai.use(plugin);
const globals = globalThis as unknown as Record<symbol, object>;
export const expect = Object.assign(
  (value: unknown, message?: string) => chai.expect(value, message),
  chai.expect,
  globals[ASYMMETRIC_MATCHERS_OBJECT],
) as unknown as Parameters<typeof getState>[0];
globals[GLOBAL_EXPECT] = expect;
setState({ assertionCalls: 0, isExpectingAssertions: false, expectedAssertionsNumber: null }, expect);

/** The actions of a suite and of those around it, the outermost first. */
const around = (suite: Suite | undefined, kind: keyof Suite['hooks']): Action[] =>
  suite ? [...around(suite.parent, kind), ...suite.hooks[kind]] : [];

async function attempt(actions: readonly Action[]): Promise<unknown> {
  let first: unknown;
  for (const action of actions) {
    try {
      await action();
    } catch (error) {
      first ??= error ?? new Error('threw nothing');
    }
  }
  return first;
}

async function* runTest(suite: Suite, { name, action }: Test, path: string): AsyncGenerator<Outcome> {
  if (!wanted(path + name)) return;
  const began = performance.now();
  const body = async (): Promise<void> => {
    for (const before of around(suite, 'beforeEach')) await before();
    await action();
  };
  const error = await attempt([body, ...around(suite, 'afterEach').reverse()]);
  yield { name: path + name, ms: performance.now() - began, error };
}

async function* runSuite(suite: Suite, path: string): AsyncGenerator<Outcome> {
  const broken = await attempt(suite.hooks.beforeAll);
  if (broken !== undefined) yield { name: `${path}(preparation)`, ms: 0, error: broken };
  else
    for (const entry of suite.entries) {
      if ('action' in entry) yield* runTest(suite, entry, path);
      else yield* runSuite(entry, `${path}${entry.name} > `);
    }
  const error = await attempt([...suite.hooks.afterAll].reverse());
  if (error !== undefined) yield { name: `${path}(end)`, ms: 0, error };
}

/** Whether a test is to run, by its name and those of what it is in. */
let wanted: (name: string) => boolean = () => true;

/** Runs the tests that have been collected, or those that `only` takes. */
export function runTests(only = wanted): AsyncGenerator<Outcome> {
  wanted = only;
  return runSuite(top, '');
}
