/** @file Memory planning of a captured step, as a pure function: lifetimes in, slots out. */

/** When a virtual storage is written first and used last, as launch indices. */
export interface Lifetime {
  readonly id: number;
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
}

export interface Plan {
  /** Bytes of each slot. */
  readonly slots: readonly number[];
  /** Storage id → slot. */
  readonly slotOf: ReadonlyMap<number, number>;
}

/**
 * Gives each storage a slot such that storages alive at the same launch never share one (so no launch reads and
 * writes one slot: WebGPU tracks usage per whole buffer). Best fit: storages in order of birth take the free slot
 * that wastes least, else grow the largest free one, else open a new one.
 */
export function planSlots(lifetimes: readonly Lifetime[]): Plan {
  const slots: { bytes: number; freeAfter: number }[] = [];
  const slotOf = new Map<number, number>();
  const ordered = [...lifetimes].sort((a, b) => a.first - b.first || b.bytes - a.bytes || a.id - b.id);
  for (const life of ordered) {
    const free = slots.filter((slot) => slot.freeAfter < life.first);
    const fitting = free.filter((slot) => slot.bytes >= life.bytes).sort((a, b) => a.bytes - b.bytes)[0];
    const grown = free.sort((a, b) => b.bytes - a.bytes)[0];
    const slot = fitting ?? grown ?? { bytes: 0, freeAfter: -1 };
    if (!slots.includes(slot)) slots.push(slot);
    slot.bytes = Math.max(slot.bytes, life.bytes);
    slot.freeAfter = life.last;
    slotOf.set(life.id, slots.indexOf(slot));
  }
  return { slots: slots.map((slot) => slot.bytes), slotOf };
}
