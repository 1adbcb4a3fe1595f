import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Lifetime, type Plan, planSlots } from '../../src/autograd/plan.ts';

const none: ReadonlySet<number> = new Set();

const life = (id: number, bytes: number, first: number, last: number): Lifetime => {
  return { id, bytes, first, last, reads: none, writes: none };
};

/** Written first, and read or written in some launches after. */
const lifetimes = fc
  .array(
    fc.record({
      bytes: fc.integer({ min: 1, max: 64 }),
      first: fc.nat(40),
      after: fc.array(fc.record({ launches: fc.nat(12), writes: fc.boolean() }), { maxLength: 3 }),
      kept: fc.boolean(),
    }),
    { maxLength: 60 },
  )
  .map((list) =>
    list.map(({ bytes, first, after, kept }, id): Lifetime => {
      const used = (writing: boolean) =>
        after.filter(({ writes }) => writes === writing).map(({ launches }) => first + launches);
      const [reads, writes] = [new Set(used(false)), new Set([first, ...used(true)])];
      return { id, bytes: 256 * bytes, first, last: Math.max(...reads, ...writes), reads, writes, kept };
    }),
  );

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const overlap = (a: Lifetime, b: Lifetime): boolean => a.first <= b.last && b.first <= a.last;
const shares = (a: ReadonlySet<number>, b: ReadonlySet<number>): boolean => [...a].some((i) => b.has(i));

/** Pairs of storages that lie in one slot. */
function neighbours(lives: readonly Lifetime[], { places }: Plan) {
  const placed = lives.map((one) => ({ ...one, ...places.get(one.id)! }));
  return placed.flatMap((a) =>
    placed.filter((b) => a.id < b.id && a.slot === b.slot).map((b) => [a, b] as const),
  );
}

describe('planSlots', () => {
  it('no two that live at the same launch share bytes', () => {
    fc.assert(
      fc.property(lifetimes, (lives) => {
        const clash = neighbours(lives, planSlots(lives)).filter(
          ([a, b]) => overlap(a, b) && a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes,
        );
        expect(clash).toEqual([]);
      }),
    );
  });

  it('no launch reads in one slot and writes in the same', () => {
    fc.assert(
      fc.property(lifetimes, (lives) => {
        const clash = neighbours(lives, planSlots(lives)).filter(
          ([a, b]) => shares(a.reads, b.writes) || shares(b.reads, a.writes),
        );
        expect(clash).toEqual([]);
      }),
    );
  });

  it('every storage has a place at a multiple of 256 bytes, and every slot ends with a storage', () => {
    fc.assert(
      fc.property(lifetimes, (lives) => {
        const { slots, places } = planSlots(lives);
        const ends = slots.map((_, slot) =>
          Math.max(
            ...lives
              .filter(({ id }) => places.get(id)!.slot === slot)
              .map(({ id, bytes }) => places.get(id)!.offset + bytes),
          ),
        );
        expect(slots).toEqual(ends);
        expect([...places.values()].filter(({ offset }) => offset % 256 !== 0)).toEqual([]);
        expect(places.size).toBe(lives.length);
      }),
    );
  });

  it('what is kept lies at the begin of its slot', () => {
    fc.assert(
      fc.property(lifetimes, (lives) => {
        const { places } = planSlots(lives);
        expect(lives.filter(({ id, kept }) => kept && places.get(id)!.offset > 0)).toEqual([]);
      }),
    );
  });

  it('no slot grows beyond the limit, unless a single storage is larger', () => {
    fc.assert(
      fc.property(lifetimes, (lives) => {
        const most = 32 * 256;
        const largest = Math.max(most, ...lives.map(({ bytes }) => bytes));
        expect(planSlots(lives, most).slots.filter((bytes) => bytes > largest)).toEqual([]);
      }),
    );
  });

  it('needs no more than all side by side, and no less than what lives at once', () => {
    fc.assert(
      fc.property(lifetimes, (lives) => {
        const planned = sum(planSlots(lives).slots);
        const alive = lives.map(({ first }) =>
          sum(lives.filter((l) => l.first <= first && first <= l.last).map(({ bytes }) => bytes)),
        );
        expect(planned).toBeLessThanOrEqual(sum(lives.map(({ bytes }) => bytes)));
        expect(planned).toBeGreaterThanOrEqual(Math.max(0, ...alive));
      }),
    );
  });

  it('the order of the list does not matter', () => {
    fc.assert(
      fc.property(lifetimes, (lives) => {
        expect(planSlots([...lives].reverse())).toEqual(planSlots(lives));
      }),
    );
  });

  it('small storages of long life do not keep large ones of short life from sharing', () => {
    const lives = [0, 1, 2, 3].flatMap((i) => [
      life(2 * i, 256, 2 * i, 20),
      life(2 * i + 1, 1 << 20, 2 * i, 2 * i + 1),
    ]);
    expect(sum(planSlots(lives).slots)).toBe((1 << 20) + 4 * 256);
  });

  it('storages of one size take what lives at once, and no more', () => {
    fc.assert(
      fc.property(lifetimes, (lives) => {
        const equal = lives.map(({ id, first }) => life(id, 1024, first, first + 3));
        const alive = equal.map(
          ({ first }) => equal.filter((l) => l.first <= first && first <= l.last).length,
        );
        expect(planSlots(equal).slots).toHaveLength(Math.max(0, ...alive));
      }),
    );
  });

  it('a chain, where each reads the one before, takes two slots', () => {
    const chain = Array.from({ length: 50 }, (_, id): Lifetime => {
      return { ...life(id, 1024, id, id + 1), reads: new Set([id + 1]), writes: new Set([id]) };
    });
    expect(planSlots(chain).slots).toEqual([1024, 1024]);
  });

  it('small storages lie side by side where a large one is no more', () => {
    const small = [1, 2, 3, 4].map((id) => life(id, 256, 3, 9));
    expect(planSlots([life(0, 1024, 0, 2), ...small]).slots).toEqual([1024]);
  });
});
