/** @file How the processes of one training, ranks, talk: the contract, and that of a process that is alone. */
import { ConfigError } from '../base/errors.ts';
import type { HalfBlocks } from '../base/halfblocks.ts';
import type { Share } from '../kernels/launch/share.ts';
import type { TrainConfig } from './settings.ts';

/** Every rank calls the same methods in the same order, but for early sums, which have an order of their own. */
export interface Comm {
  /** From 0, which alone writes files. */
  readonly rank: number;
  /** Ranks. */
  readonly size: number;
  /**
   * Adds up what the ranks have, element by element, in the order of the ranks, in place: all get the same bits, and the
   * same again from the same numbers. Halves in blocks are added in f32 and rounded once.
   * @param early beside what else is called meanwhile, after the early sums before it
   * @throws RankError naming who does not come
   */
  sum(values: Float32Array | HalfBlocks, early?: boolean): Promise<void>;
  /**
   * What each rank gives, in their order.
   * @param patient waits for as long as it takes: for work that one rank does for all
   * @throws RankError naming who does not come, unless patient
   */
  gather(bytes: Uint8Array<ArrayBuffer>, patient?: boolean): Promise<Uint8Array<ArrayBuffer>[]>;
}

/** This process among the ranks of a job. */
export interface JobRanks {
  readonly comm: Comm;
  /** What messages call each rank: its number, host and process. */
  readonly names: readonly string[];
  /** Which of the ranks on its host it is, from 0, and of how many. */
  readonly local: number;
  readonly onHost: number;
}

/** One process, which has nobody to wait for. */
export const alone: Comm = {
  rank: 0,
  size: 1,
  sum: async () => {},
  gather: async (bytes) => [bytes],
};

/** Waits until every rank is here. */
export const barrier = async (comm: Comm): Promise<void> => {
  await comm.gather(new Uint8Array(0), true);
};

/** What rank 0 has made: its JSON. The others wait for as long as that takes. @param make called by rank 0 only */
export async function fromFirst<T>(comm: Comm, make: () => T | Promise<T>): Promise<T> {
  if (comm.size === 1) return make();
  if (comm.rank > 0) return hearFirst<T>(comm);
  const [text] = await gatherText(comm, JSON.stringify((await make()) ?? null), true);
  return JSON.parse(text!) as T;
}

/** The same for a rank that is not the first, which has nothing to make. */
export async function hearFirst<T>(comm: Comm): Promise<T> {
  const [text] = await gatherText(comm, '', true);
  return JSON.parse(text!) as T;
}

/** What each rank says, in their order. */
export async function gatherText(comm: Comm, text: string, patient = false): Promise<string[]> {
  const all = await comm.gather(new TextEncoder().encode(text), patient);
  return all.map((bytes) => new TextDecoder().decode(bytes));
}

/** Whether any rank says so. */
export async function anyRank(comm: Comm, own: boolean): Promise<boolean> {
  if (comm.size === 1) return own;
  const flags = Float32Array.of(Number(own));
  await comm.sum(flags);
  return flags[0]! > 0;
}

/**
 * The rows of a batch that are a rank's: as many as any other's, or one more.
 * @throws ConfigError for fewer examples than ranks, and where batch norm would need as many on each
 */
export function shareOfBatch(
  { rank, size }: Pick<Comm, 'rank' | 'size'>,
  { batch, syncBatchNorm, gradientSums }: Pick<TrainConfig, 'batch' | 'syncBatchNorm' | 'gradientSums'>,
): Share {
  if (batch < size)
    throw new ConfigError(
      `batch is ${batch}, which leaves some of ${size} ranks without an image. Give ${size} or more, or start fewer ranks.`,
    );
  if (syncBatchNorm && batch % size > 0)
    throw new ConfigError(
      `syncBatchNorm needs as many images on each rank, and batch is ${batch} on ${size} ranks. Give a multiple of ${size}.`,
    );
  const [first, end] = [rank, rank + 1].map((r) => Math.floor((batch * r) / size)) as [number, number];
  return { rank, size, first, count: end - first, total: batch, syncBatchNorm, gradientSums };
}
