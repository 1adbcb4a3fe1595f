/** @file Memory planning of a captured step, as a pure function: lifetimes in, places in slots out. */

/** When a virtual storage is written first and used last, as launch indices, and which launches do what with it. */
export interface Lifetime {
  readonly id: number;
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
  readonly reads: ReadonlySet<number>;
  readonly writes: ReadonlySet<number>;
  /** Known outside by its buffer alone: its place is the slot's begin. */
  readonly kept?: boolean;
}

export interface Place {
  readonly slot: number;
  /** In bytes, from the slot's begin. */
  readonly offset: number;
}

export interface Plan {
  /** Bytes of each slot. */
  readonly slots: readonly number[];
  /** By storage id. */
  readonly places: ReadonlyMap<number, Place>;
}

interface Tenant {
  readonly life: Lifetime;
  readonly offset: number;
}

interface Slot {
  bytes: number;
  readonly tenants: Tenant[];
}

const emptySlot = (): Slot => ({ bytes: 0, tenants: [] });

/** Where a newcomer could move in. */
interface Spot {
  readonly slot: Slot;
  readonly offset: number;
  /** Bytes that the slot would grow by. */
  readonly growth: number;
  /** Launches that the slot stands idle between the newcomer and the nearest before or after it. */
  readonly idle: number;
  /** Bytes of the gap that the newcomer leaves free. */
  readonly spare: number;
}

/** Launches that lie between two lifetimes; negative where they meet. */
const between = (a: Lifetime, b: Lifetime): number => Math.max(a.first - b.last, b.first - a.last) - 1;

const meet = (a: Lifetime, b: Lifetime): boolean => between(a, b) < 0;

const intersect = (a: ReadonlySet<number>, b: ReadonlySet<number>): boolean => [...a].some((i) => b.has(i));

/** Whether a launch reads one and writes the other: WebGPU tracks usage per whole buffer. */
const clash = (a: Lifetime, b: Lifetime): boolean =>
  intersect(a.reads, b.writes) || intersect(b.reads, a.writes);

/** The gaps of a slot, over the newcomer's whole life, that hold it; the last may have to grow by a part of it. */
function spotsIn(slot: Slot, life: Lifetime, most: number): Spot[] {
  const beside = slot.tenants.filter((tenant) => meet(tenant.life, life));
  if (beside.some((tenant) => clash(tenant.life, life))) return [];
  const apart = slot.tenants.map((tenant) => between(tenant.life, life)).filter((launches) => launches >= 0);
  const idle = Math.min(...apart);
  const spots: Spot[] = [];
  const offer = (offset: number, end: number): void => {
    const growth = Math.max(0, offset + life.bytes - end);
    if (life.kept && offset > 0) return;
    const within = growth === 0 || (end === slot.bytes && growth < life.bytes && end + growth <= most);
    if (within) spots.push({ slot, offset, growth, idle, spare: Math.max(0, end - offset - life.bytes) });
  };
  let end = 0;
  for (const { offset, life: other } of beside.sort((a, b) => a.offset - b.offset)) {
    if (offset > end) offer(end, offset);
    end = Math.max(end, offset + other.bytes);
  }
  offer(end, slot.bytes);
  return spots;
}

/** Least growth, then least idle time, then the tightest gap. */
function better(a: Spot, b: Spot): boolean {
  if (a.growth !== b.growth) return a.growth < b.growth;
  return a.idle === b.idle ? a.spare < b.spare : a.idle < b.idle;
}

/** Each in turn moves into the best spot, or into a slot of its own. */
function place(ordered: readonly Lifetime[], most: number): Plan {
  const slots: Slot[] = [];
  const places = new Map<number, Place>();
  for (const life of ordered) {
    let best: Spot | undefined;
    for (const slot of slots)
      for (const spot of spotsIn(slot, life, most)) if (!best || better(spot, best)) best = spot;
    const { slot, offset } = best ?? { slot: emptySlot(), offset: 0 };
    if (!best) slots.push(slot);
    slot.bytes = Math.max(slot.bytes, offset + life.bytes);
    slot.tenants.push({ life, offset });
    places.set(life.id, { slot: slots.indexOf(slot), offset });
  }
  return { slots: slots.map(({ bytes }) => bytes), places };
}

const total = ({ slots }: Plan): number => slots.reduce((sum, bytes) => sum + bytes, 0);

/** Powers of their life's length that sizes are weighed by in the order of choice. */
const WEIGHTS = [0, 1 / 4, 1 / 2];

/**
 * Gives each storage a place such that no two alive at one launch overlap, and that no launch reads in one slot and
 * writes in the same. Large storages choose first, so that small ones fill the gaps they leave; or those first that
 * are large for long, if that comes to less. No slot grows beyond `most` bytes by sharing.
 */
export function planSlots(lifetimes: readonly Lifetime[], most = Number.POSITIVE_INFINITY): Plan {
  const plans = WEIGHTS.map((weight) => {
    const size = ({ bytes, first, last }: Lifetime): number => bytes * (last - first + 1) ** weight;
    const ordered = [...lifetimes].sort((a, b) => size(b) - size(a) || a.first - b.first || a.id - b.id);
    return place(ordered, most);
  });
  return plans.reduce((best, plan) => (total(plan) < total(best) ? plan : best));
}
