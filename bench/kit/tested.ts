/** @file Runs one file of the kernels’ tests, or those of its tests that are named, and tells the parent of each. */
import { pathToFileURL } from 'node:url';
import { watch } from '../../src/kernels/launch/watch.ts';
import { comparisons } from '../../test/check.ts';
import { openings } from '../../test/device.ts';
import { runTests } from './vitest.ts';

/** A form of an op, for a type of numbers: `conv2d gemm4 f32`. */
export type FormName = string;

/** What came of a test. */
export interface Tested {
  readonly name: string;
  readonly ms: number;
  /** With its stack; null where the test passed. */
  readonly error: string | null;
  /** The largest error found against float64 or PyTorch, as a share of what is allowed; null where no numbers were compared. */
  readonly worst: number | null;
  /** Forms that ran, and forms that could have. */
  readonly ran: readonly FormName[];
  readonly fitting: readonly FormName[];
}

const ran = new Set<FormName>();
const fitting = new Set<FormName>();
let worst: number | null = null;

openings.add((device) =>
  watch(device, {
    launching() {},
    choosing(choice) {
      const op = choice.key.slice(0, choice.key.indexOf(' '));
      const { dtype = 'f32' } = JSON.parse(choice.key.slice(op.length)) as { dtype?: string };
      ran.add(`${op} ${choice.chosen} ${dtype}`);
      for (const form of choice.fitting) fitting.add(`${op} ${form} ${dtype}`);
    },
  }),
);
comparisons.add((share) => {
  worst = Math.max(worst ?? 0, share);
});

const textOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);

async function main(file: string, names: readonly string[]): Promise<void> {
  await import(pathToFileURL(file).href);
  const only = names.length > 0 ? (name: string) => names.includes(name) : undefined;
  for await (const { name, ms, error } of runTests(only)) {
    const forms = { ran: [...ran], fitting: [...fitting] };
    const told: Tested = { name, ms, error: error === undefined ? null : textOf(error), worst, ...forms };
    process.send!(told);
    ran.clear();
    fitting.clear();
    worst = null;
  }
}

process.on('disconnect', () => process.exit());
const [file, ...names] = process.argv.slice(2);
main(file!, names).then(
  () => process.disconnect(),
  (error) => {
    console.error(textOf(error));
    process.exit(1);
  },
);
