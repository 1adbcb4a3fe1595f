/** @file Sums and gatherings over ranks, of messages between two: in an order that makes the bits the same every time. */
import type { Comm } from './comm.ts';

/** Carries messages between ranks. */
export interface Wire {
  readonly rank: number;
  readonly size: number;
  /**
   * Sends a message to each rank and receives one from each, at the same time; of this rank itself nothing. All ranks
   * call it together, with the same lengths at both ends.
   * @param patient without limit of time
   * @throws RankError naming who does not come
   */
  exchange(
    outgoing: readonly Uint8Array[],
    incoming: readonly Uint8Array[],
    patient?: boolean,
  ): Promise<void>;
}

/** Elements up to which every rank sums everything: one message in place of two. */
const FEW = 4096;

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** Fresh memory, which no garbage collector moves. */
const room = (bytes: number): Uint8Array<ArrayBuffer> => new Uint8Array(new ArrayBuffer(bytes));

/** Σ parts, one after the other in their order. */
function addUp(parts: readonly Float32Array[], into: Float32Array): void {
  into.set(parts[0]!);
  for (const part of parts.slice(1)) addTo(into, part);
}

/** Two arrays a call: a loop over several in turn takes twice the time. */
function addTo(into: Float32Array, part: Float32Array): void {
  for (let i = 0; i < into.length; i++) into[i]! += part[i]!;
}

/** A training's ranks over a wire. */
export class Ranks implements Comm {
  readonly rank: number;
  readonly size: number;
  readonly #wire: Wire;

  constructor(wire: Wire) {
    this.rank = wire.rank;
    this.size = wire.size;
    this.#wire = wire;
  }

  async sum(values: Float32Array): Promise<void> {
    if (values.length <= FEW) await this.#sumAll(values);
    else await this.#sumShares(values);
  }

  async gather(bytes: Uint8Array<ArrayBuffer>, patient = false): Promise<Uint8Array<ArrayBuffer>[]> {
    const lengths = this.#each(() => room(8));
    const own = room(8);
    new DataView(own.buffer).setFloat64(0, bytes.length);
    await this.#wire.exchange(
      this.#each(() => own),
      lengths,
      patient,
    );
    const messages = lengths.map(({ buffer }, from) =>
      from === this.rank ? bytes : room(new DataView(buffer).getFloat64(0)),
    );
    await this.#wire.exchange(
      this.#each(() => bytes),
      messages,
      patient,
    );
    return messages;
  }

  async #sumAll(values: Float32Array): Promise<void> {
    const own = values.slice();
    const parts = this.#each((from) =>
      from === this.rank ? own : new Float32Array(room(4 * own.length).buffer),
    );
    await this.#wire.exchange(
      this.#each(() => bytesOf(own)),
      parts.map(bytesOf),
    );
    addUp(parts, values);
  }

  /** Each rank adds up a share of the elements and sends it to all: as little over the wire as there can be. */
  async #sumShares(values: Float32Array): Promise<void> {
    const shares = this.#each((rank) => {
      const [begin, end] = [rank, rank + 1].map((r) => Math.floor((values.length * r) / this.size));
      return values.subarray(begin, end);
    });
    const own = shares[this.rank]!;
    const parts = this.#each((from) => (from === this.rank ? own.slice() : new Float32Array(own.length)));
    await this.#wire.exchange(shares.map(bytesOf), parts.map(bytesOf));
    addUp(parts, own);
    await this.#wire.exchange(
      this.#each(() => bytesOf(own)),
      shares.map(bytesOf),
    );
  }

  #each<T>(of: (rank: number) => T): T[] {
    return Array.from({ length: this.size }, (_, rank) => of(rank));
  }
}
