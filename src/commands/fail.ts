/** @file How a program ends that cannot go on: in a line, where planewise knows what happened. */
import { PlanewiseError } from '../base/errors.ts';
import { codeOf, fileError } from '../data/files/read.node.ts';
import { launchedAs, launchedRanks } from '../train/mpi.node.ts';
import { note, noteLines } from './output.ts';

/** Says why, with exit code 1; of several ranks which; of what was not planned for, or with DEBUG set, also where. */
export function fail(error: unknown): void {
  const expected = error instanceof PlanewiseError && !process.env.DEBUG;
  const text = error instanceof Error ? (expected ? error.message : error.stack) : String(error);
  const rank = launchedAs();
  if (rank !== null) note(`${rank} cannot go on, so all ${launchedRanks()} end:`);
  noteLines(`planewise: ${text}`);
  process.exitCode = 1;
}

/** What shells say of a program that SIGPIPE ended, which Node ignores. */
const READER_LEFT = 128 + 13;

/**
 * Has the program end with its standard output: without a word where a reader such as `head` leaves (exit code 141, for
 * what it began is not done), else saying why nothing can be written. Remarks and progress may go unheard.
 */
export function endAsOutputEnds(): void {
  process.stderr.on('error', () => {});
  process.stdout.on('error', (error) => {
    if (codeOf(error) === 'EPIPE') process.exit(READER_LEFT);
    fail(fileError('standard output', error));
    process.exit();
  });
}
