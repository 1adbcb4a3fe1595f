/** @file Ranks over MPI: messages with a limit of time, and an end that takes all ranks along. */
import { hostname } from 'node:os';
import { setImmediate as breathe, setTimeout as sleep } from 'node:timers/promises';
import { refusedVariable, variable } from '../base/environment.node.ts';
import { ConfigError, RankError } from '../base/errors.ts';
import { gatherText, type JobRanks } from './comm.ts';
import { type LibMpi, loadMpi, type Request } from './libmpi.node.ts';
import { type Exchange, Ranks, type Wire } from './ranks.ts';

/** Seconds that ranks wait for one another, unless PLANEWISE_RANK_TIMEOUT says otherwise. */
const USUAL_SECONDS = 120;

/** Bytes of a message at most: MPI counts in 31 bits. */
const MOST_BYTES = 2 ** 30;

/**
 * So long, and a ms more for so many bytes, it is asked again and again, for many libraries move bytes only while they are
 * asked; then the core goes to others in between, a software adapter for example.
 */
const EAGER_MS = 2;
const EAGER_BYTES = 2 ** 20;
const SLEEP_MS = 1;
/** Where a rank works for all. */
const PATIENT_SLEEP_MS = 20;

/** How many processes a launcher of MPI has started together; 1 where none has. */
export function launchedRanks(): number {
  const { OMPI_COMM_WORLD_SIZE, PMI_SIZE, PMIX_RANK, SLURM_NTASKS } = process.env;
  // PMIx tells the rank alone
  const bySlurm = PMIX_RANK === undefined ? undefined : SLURM_NTASKS;
  return Number(OMPI_COMM_WORLD_SIZE ?? PMI_SIZE ?? bySlurm ?? 1) || 1;
}

/** What messages call a rank. */
const nameOf = (rank: number | string, host: string, pid: number | string): string =>
  `rank ${rank} (${host}, process ${pid})`;

/** What messages call this process, by what its launcher says; null where none has started several. */
export function launchedAs(): string | null {
  if (launchedRanks() === 1) return null;
  const { OMPI_COMM_WORLD_RANK, PMI_RANK, PMIX_RANK } = process.env;
  return nameOf(OMPI_COMM_WORLD_RANK ?? PMI_RANK ?? PMIX_RANK ?? '?', hostname(), process.pid);
}

function limitMs(): number {
  const name = 'PLANEWISE_RANK_TIMEOUT';
  const text = variable(name) ?? String(USUAL_SECONDS);
  const seconds = Number(text);
  if (seconds > 0) return 1000 * seconds;
  throw new ConfigError(refusedVariable(name, text, 'seconds, a number above 0, are needed'));
}

/** Exchanges that are told apart by their tag in either row; MPI allows 32,767 at least. */
const TAGS = 16384;

interface Pending {
  readonly peer: number;
  readonly request: Request;
}

/** Pieces that one message of MPI can carry; an empty one is none. */
function piecesOf(bytes: Uint8Array): Uint8Array[] {
  const count = Math.ceil(bytes.length / MOST_BYTES);
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * MOST_BYTES, (i + 1) * MOST_BYTES));
}

/** Messages between the ranks of an MPI job. */
class MpiWire implements Wire {
  readonly rank: number;
  readonly size: number;
  /** What messages call each rank: of others the number alone, until they have said more. */
  #names: readonly string[];
  #met = false;
  readonly #mpi: LibMpi;
  readonly #limitMs: number;
  /** Exchanges so far: those in turn, and the early ones. */
  readonly #counts: [number, number] = [0, 0];

  constructor(mpi: LibMpi) {
    this.rank = mpi.rank();
    this.size = mpi.size();
    const own = nameOf(this.rank, hostname(), process.pid);
    this.#names = Array.from({ length: this.size }, (_, rank) => (rank === this.rank ? own : `rank ${rank}`));
    this.#mpi = mpi;
    this.#limitMs = limitMs();
  }

  /** Who the ranks are: from here on nobody can say that they do not reach each other. */
  meet(names: readonly string[]): void {
    this.#names = names;
    this.#met = true;
  }

  async exchange(
    outgoing: readonly Uint8Array[],
    incoming: readonly Uint8Array[],
    { patient = false, early = false }: Exchange = {},
  ): Promise<void> {
    const row = early ? 1 : 0;
    // those of a later exchange may come before an earlier one is over
    const tag = row * TAGS + (this.#counts[row]++ % TAGS);
    const pending: Pending[] = [];
    for (let peer = 0; peer < this.size; peer++) {
      if (peer === this.rank) continue;
      for (const piece of piecesOf(incoming[peer]!))
        pending.push({ peer, request: this.#mpi.receive(piece, peer, tag) });
      for (const piece of piecesOf(outgoing[peer]!))
        pending.push({ peer, request: this.#mpi.send(piece, peer, tag) });
    }
    const bytes = incoming.reduce((sum, { length }) => sum + length, 0);
    await this.#settle(pending, EAGER_MS + bytes / EAGER_BYTES, patient);
  }

  async #settle(all: readonly Pending[], eagerMs: number, patient: boolean): Promise<void> {
    const began = performance.now();
    let open = all.filter(({ request }) => !this.#mpi.test(request));
    while (open.length > 0) {
      const waited = performance.now() - began;
      if (waited > this.#limitMs && !patient) throw this.#missing(open);
      if (waited < eagerMs) await breathe();
      else await sleep(patient ? PATIENT_SLEEP_MS : SLEEP_MS);
      open = open.filter(({ request }) => !this.#mpi.test(request));
    }
  }

  #missing(open: readonly Pending[]): RankError {
    const late = [...new Set(open.map(({ peer }) => peer))].sort((a, b) => a - b);
    const list = late.map((rank) => this.#names[rank]).join(', ');
    const seconds = this.#limitMs / 1000;
    return new RankError(
      late,
      this.#met
        ? `${list} did not answer ${this.#names[this.rank]} for ${seconds} s: hung, or gone with its host. All ranks end; go on from the last checkpoint with --resume, with fewer ranks if need be.`
        : `${list} did not answer ${this.#names[this.rank]} at the start, for ${seconds} s: on another host, it may not be reached. Open the ports of MPI between the hosts, and name the network that joins them; see docs/clusters.md.`,
    );
  }
}

/** This process as one of several. */
export interface MpiRanks extends JobRanks {
  /** Kind and file of the library. */
  readonly library: string;
  /** Ends all ranks, for this one cannot go on. */
  abort(): void;
  /** Once every rank is done. */
  end(): void;
}

/**
 * Joins the ranks that the launcher has started; null for a process on its own.
 * @throws ConfigError where the library or the package that calls it is missing, or is not the launcher's
 */
export async function joinRanks(): Promise<MpiRanks | null> {
  const launched = launchedRanks();
  if (launched === 1) return null;
  const mpi = await loadMpi();
  mpi.init();
  const wire = new MpiWire(mpi);
  if (wire.size !== launched)
    throw new ConfigError(
      `The launcher started ${launched} processes, and ${mpi.file} (${mpi.kind}) knows of ${wire.size}: it is another MPI's. Set PLANEWISE_MPI to the library of the mpirun that started this.`,
    );
  const comm = new Ranks(wire);
  const hosts = await gatherText(comm, hostname());
  const pids = await gatherText(comm, String(process.pid));
  const names = hosts.map((host, rank) => nameOf(rank, host, pids[rank]!));
  wire.meet(names);
  const isHere = (host: string): boolean => host === hosts[comm.rank];
  return {
    comm,
    names,
    local: hosts.slice(0, comm.rank).filter(isHere).length,
    onHost: hosts.filter(isHere).length,
    library: `${mpi.kind}, ${mpi.file}`,
    abort: () => mpi.abort(1),
    end: () => mpi.finalize(),
  };
}
