/** @file Commands under a launcher of MPI: training by several ranks, which end together; the others are for one process. */
import { ConfigError } from '../base/errors.ts';
import { barrier } from '../train/comm.ts';
import { joinRanks, launchedRanks, type MpiRanks } from '../train/mpi.node.ts';
import { fail } from './fail.ts';

/** Commands that several processes can do together. */
const shared = ['pretrain', 'finetune'];

/** Throws ConfigError where a launcher started several processes of a command that is for one. */
export function expectAlone(command: string): void {
  const launched = launchedRanks();
  if (launched === 1 || shared.includes(command)) return;
  throw new ConfigError(
    `${command} is for one process, and a launcher of MPI started ${launched}. Run it without; ${shared.join(' and ')} are for several.`,
  );
}

/**
 * Runs work as one of the ranks that a launcher started, or alone. An error of one ends all, with its name.
 * @param work told of its ranks; null for a process on its own
 */
export async function withRanks(work: (ranks: MpiRanks | null) => Promise<void>): Promise<void> {
  const ranks = await joinRanks();
  if (!ranks) return work(null);
  try {
    await work(ranks);
    await barrier(ranks.comm);
  } catch (error) {
    fail(error);
    ranks.abort();
  }
  ranks.end();
}
