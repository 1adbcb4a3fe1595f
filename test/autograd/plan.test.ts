import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Lifetime, planSlots } from '../../src/autograd/plan.ts';

const lifetimes = fc
  .array(fc.record({ bytes: fc.integer({ min: 1, max: 64 }), first: fc.nat(40), length: fc.nat(12) }), {
    maxLength: 60,
  })
  .map((list) =>
    list.map(
      ({ bytes, first, length }, id): Lifetime => ({
        id,
        bytes: 256 * bytes,
        first,
        last: first + length,
      }),
    ),
  );

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const overlap = (a: Lifetime, b: Lifetime): boolean => a.first <= b.last && b.first <= a.last;

describe('planSlots', () => {
  it('no two that live at the same launch share a slot', () => {
    fc.assert(
      fc.property(lifetimes, (lives) => {
        const { slotOf } = planSlots(lives);
        const clash = lives.some((a) =>
          lives.some((b) => a.id < b.id && overlap(a, b) && slotOf.get(a.id) === slotOf.get(b.id)),
        );
        expect(clash).toBe(false);
      }),
    );
  });

  it('every storage has a slot that holds it, and no slot is larger than its largest tenant', () => {
    fc.assert(
      fc.property(lifetimes, (lives) => {
        const { slots, slotOf } = planSlots(lives);
        const tenants = slots.map((_, slot) => lives.filter(({ id }) => slotOf.get(id) === slot));
        expect(slots).toEqual(tenants.map((list) => Math.max(...list.map(({ bytes }) => bytes))));
        expect(sum(tenants.map((list) => list.length))).toBe(lives.length);
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
      { id: 2 * i, bytes: 256, first: 2 * i, last: 20 },
      { id: 2 * i + 1, bytes: 1 << 20, first: 2 * i, last: 2 * i + 1 },
    ]);
    expect(sum(planSlots(lives).slots)).toBe((1 << 20) + 4 * 256);
  });

  it('storages of one size take what lives at once, and no more', () => {
    fc.assert(
      fc.property(lifetimes, (lives) => {
        const equal = lives.map((life) => ({ ...life, bytes: 1024, last: life.first + 3 }));
        const alive = equal.map(
          ({ first }) => equal.filter((l) => l.first <= first && first <= l.last).length,
        );
        expect(planSlots(equal).slots).toHaveLength(Math.max(0, ...alive));
      }),
    );
  });

  it('a chain, where each reads the one before, takes two slots', () => {
    const chain = Array.from({ length: 50 }, (_, id) => ({ id, bytes: 1024, first: id, last: id + 1 }));
    expect(planSlots(chain).slots).toEqual([1024, 1024]);
  });
});
