/** @file Sums and gatherings over ranks, of messages between two: in an order that makes the bits the same every time. */
import type { HalfBlocks } from '../base/halfblocks.ts';
import type { Comm } from './comm.ts';

/** Carries messages between ranks. */
export interface Wire {
  readonly rank: number;
  readonly size: number;
  /**
   * Sends a message to each rank and receives one from each, at the same time; of this rank itself nothing. All ranks
   * call it together, with the same lengths at both ends.
   * @throws RankError naming who does not come
   */
  exchange(outgoing: readonly Uint8Array[], incoming: readonly Uint8Array[], how?: Exchange): Promise<void>;
}

/** How messages are exchanged. */
export interface Exchange {
  /** Without limit of time. */
  readonly patient?: boolean;
  /** In a second row of exchanges: ranks call those of each in the same order, and may be in both at once. */
  readonly early?: boolean;
}

/** Bytes up to which every rank sums everything: one message in place of two. */
const FEW_BYTES = 16384;

/** Fresh memory, which no garbage collector moves. */
const room = (bytes: number): Uint8Array<ArrayBuffer> => new Uint8Array(new ArrayBuffer(bytes));

/** What can be summed and sent in parts. */
interface Summands {
  readonly length: number;
  /** The memory itself. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  like(bytes: Uint8Array<ArrayBuffer>): Summands;
  part(begin: number, end: number): Summands;
  /** Σ parts, one after the other in their order. */
  become(parts: readonly this[]): void;
}

class Floats implements Summands {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #values: Float32Array;

  constructor(values: Float32Array) {
    this.bytes = new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength);
    this.#values = values;
  }

  get length(): number {
    return this.#values.length;
  }

  like({ buffer, byteOffset, length }: Uint8Array<ArrayBuffer>): Floats {
    return new Floats(new Float32Array(buffer, byteOffset, length / 4));
  }

  part(begin: number, end: number): Floats {
    return new Floats(this.#values.subarray(begin, end));
  }

  become(parts: readonly Floats[]): void {
    this.#values.set(parts[0]!.#values);
    for (const part of parts.slice(1)) addTo(this.#values, part.#values);
  }
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

  async sum(values: Float32Array | HalfBlocks, early = false): Promise<void> {
    const summands: Summands = values instanceof Float32Array ? new Floats(values) : values;
    if (summands.bytes.length <= FEW_BYTES) await this.#sumAll(summands, early);
    else await this.#sumShares(summands, early);
  }

  async gather(bytes: Uint8Array<ArrayBuffer>, patient = false): Promise<Uint8Array<ArrayBuffer>[]> {
    const lengths = this.#each(() => room(8));
    const own = room(8);
    new DataView(own.buffer).setFloat64(0, bytes.length);
    await this.#wire.exchange(
      this.#each(() => own),
      lengths,
      { patient },
    );
    const messages = lengths.map(({ buffer }, from) =>
      from === this.rank ? bytes : room(new DataView(buffer).getFloat64(0)),
    );
    await this.#wire.exchange(
      this.#each(() => bytes),
      messages,
      { patient },
    );
    return messages;
  }

  async #sumAll(values: Summands, early: boolean): Promise<void> {
    const own = this.#copy(values);
    const parts = this.#parts(own);
    await this.#wire.exchange(
      this.#each(() => own.bytes),
      parts.map(({ bytes }) => bytes),
      { early },
    );
    values.become(parts);
  }

  /** Each rank adds up a share of the elements and sends it to all: as little over the wire as there can be. */
  async #sumShares(values: Summands, early: boolean): Promise<void> {
    const shares = this.#each((rank) => {
      const [begin, end] = [rank, rank + 1].map((r) => Math.floor((values.length * r) / this.size));
      return values.part(begin!, end!);
    });
    const bytes = shares.map((share) => share.bytes);
    const own = shares[this.rank]!;
    const parts = this.#parts(this.#copy(own));
    await this.#wire.exchange(
      bytes,
      parts.map((part) => part.bytes),
      { early },
    );
    own.become(parts);
    await this.#wire.exchange(
      this.#each(() => own.bytes),
      bytes,
      { early },
    );
  }

  #copy(values: Summands): Summands {
    const copy = room(values.bytes.length);
    copy.set(values.bytes);
    return values.like(copy);
  }

  /** This rank's own, and room for as much of each other rank. */
  #parts(own: Summands): Summands[] {
    return this.#each((from) => (from === this.rank ? own : own.like(room(own.bytes.length))));
  }

  #each<T>(of: (rank: number) => T): T[] {
    return Array.from({ length: this.size }, (_, rank) => of(rank));
  }
}
