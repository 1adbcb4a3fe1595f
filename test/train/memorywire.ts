/** @file Ranks in one process, for tests: messages by hand. */
import { Ranks, type Wire } from '../../src/train/ranks.ts';

interface Post {
  readonly outgoing: readonly Uint8Array[];
  readonly incoming: readonly Uint8Array[];
}

/** A promise, and what resolves it. */
function gate(): { readonly promise: Promise<void>; readonly open: () => void } {
  let open = (): void => {};
  const promise = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}

/** A row of exchanges: gives each rank its end of it. */
function rowOf(size: number): (rank: number) => Wire['exchange'] {
  let posts: (Post | undefined)[] = [];
  let arrived = gate();
  return (rank) => async (outgoing, incoming) => {
    if (posts[rank]) throw new Error(`rank ${rank} came twice`);
    posts[rank] = { outgoing, incoming };
    const here = arrived;
    if (posts.filter(Boolean).length === size) {
      const all = posts as Post[];
      posts = [];
      arrived = gate();
      for (const [to, { incoming: wanted }] of all.entries())
        for (const [from, { outgoing: sent }] of all.entries()) {
          if (from === to) continue;
          if (sent[to]!.length !== wanted[from]!.length)
            throw new Error(
              `rank ${from} sends ${sent[to]!.length} bytes, rank ${to} wants ${wanted[from]!.length}`,
            );
          wanted[from]!.set(sent[to]!);
        }
      here.open();
    }
    await here.promise;
  };
}

/** As many ranks that talk to one another. */
export function memoryRanks(size: number): Ranks[] {
  const [turns, early] = [rowOf(size), rowOf(size)];
  return Array.from({ length: size }, (_, rank) => {
    const [inTurn, besides] = [turns(rank), early(rank)];
    const exchange: Wire['exchange'] = (outgoing, incoming, how) =>
      (how?.early ? besides : inTurn)(outgoing, incoming);
    return new Ranks({ rank, size, exchange });
  });
}
