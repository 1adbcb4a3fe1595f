/** @file Loops of NAK's code: which there are, how often those of constant length run, and what a round of a product costs. */
import { type Block, type Instruction, nakBlocks } from './nak.ts';

/** A natural loop. */
export interface Loop {
  readonly header: number;
  readonly blocks: ReadonlySet<number>;
  /** Times it runs; null where that is decided at run time. */
  readonly trips: number | null;
}

/** What a warp does, in instructions issued. */
export interface Cost {
  readonly slots: number;
  /** Scalar multiply-adds, one a lane. */
  readonly fma: number;
  /** Matrix instructions. */
  readonly hmma: number;
  /** Multiply-adds a lane, of both kinds. */
  readonly multiplyAdds: number;
}

/** Edges back to a block that is still open in a depth-first walk: they close loops. */
function backEdges(blocks: ReadonlyMap<number, Block>, entry: number): [from: number, to: number][] {
  const [open, done, edges] = [new Set<number>(), new Set<number>(), [] as [number, number][]];
  const visit = (number: number): void => {
    open.add(number);
    for (const next of blocks.get(number)!.next) {
      if (open.has(next)) edges.push([number, next]);
      else if (!done.has(next)) visit(next);
    }
    open.delete(number);
    done.add(number);
  };
  visit(entry);
  return edges;
}

/** Blocks from which the edge's beginning is reached without passing its end. */
function bodyOf(previous: ReadonlyMap<number, readonly number[]>, from: number, header: number): Set<number> {
  const body = new Set([header]);
  const waiting = [from];
  for (let number = waiting.pop(); number !== undefined; number = waiting.pop()) {
    if (body.has(number)) continue;
    body.add(number);
    waiting.push(...(previous.get(number) ?? []));
  }
  return body;
}

const isConstant = (text: string | undefined): text is string => /^(0x[0-9a-f]+|rZ)$/.test(text ?? '');
const numberOf = (text: string): number => (text === 'rZ' ? 0 : Number(text));

/** The constant that an instruction adds to a counter, if it does no more; those near 2³² are subtracted. */
function stepOf({ op, from }: Instruction, counter: string): number | undefined {
  if (op !== 'iadd3' || !from.includes(counter)) return undefined;
  const [added, ...more] = from.filter((text) => text !== counter && text !== 'rZ');
  const step = more.length === 0 && isConstant(added) ? numberOf(added) : 0;
  return step > 0 && step < 0x10000 ? step : undefined;
}

/**
 * Times that a loop runs which counts a register up by a constant until a constant. Where it begins at is not looked
 * for: below the step, as counters from 0 do, and those from an invocation's place among as many as the step.
 */
function tripsOf(instructions: readonly Instruction[]): number | null {
  for (const { op, from } of instructions) {
    const [counter, limit] = from;
    if (!/^isetp\.(ge|lt)\.[ui]32$/.test(op) || !isConstant(limit)) continue;
    const steps = instructions.flatMap((one) => stepOf(one, counter!) ?? []);
    if (steps.length === 1) return Math.ceil(numberOf(limit) / steps[0]!);
  }
  return null;
}

/** The loops of a program, inner ones before those around them. */
export function loopsIn(program: readonly Block[]): Loop[] {
  const blocks = new Map(program.map((block) => [block.number, block]));
  const previous = new Map<number, number[]>();
  for (const { number, next } of program)
    for (const to of next) previous.set(to, [...(previous.get(to) ?? []), number]);
  const bodies = new Map<number, Set<number>>();
  for (const [from, header] of program[0] ? backEdges(blocks, program[0].number) : []) {
    const body = bodyOf(previous, from, header);
    bodies.set(header, new Set([...(bodies.get(header) ?? []), ...body]));
  }
  const sorted = [...bodies].sort(([, a], [, b]) => a.size - b.size);
  return sorted.map(([header, body]) => {
    const inner = sorted.filter(([other, { size }]) => body.has(other) && size < body.size);
    const own = [...body].filter((number) => !inner.some(([, other]) => other.has(number)));
    const trips = tripsOf(own.flatMap((number) => [...blocks.get(number)!.instructions]));
    return { header, blocks: body, trips };
  });
}

/** `hmma.m16n8k16` multiplies 16×16 by 16×8 across 32 lanes. */
function matrixWork(op: string): number {
  const [, m, n, k] = /^hmma\.m(\d+)n(\d+)k(\d+)/.exec(op) ?? [];
  return (Number(m) * Number(n) * Number(k)) / 32;
}

function costOf(instructions: readonly Instruction[]): Cost {
  const issued = instructions.filter(({ op }) => op !== 'nop');
  const matrix = issued.filter(({ op }) => op.startsWith('hmma'));
  const fma = issued.filter(({ op }) => op.startsWith('ffma')).length;
  const half = issued.filter(({ op }) => op.startsWith('hfma2')).length;
  const inMatrices = matrix.reduce((sum, { op }) => sum + matrixWork(op), 0);
  const multiplyAdds = fma + 2 * half + inMatrices;
  return { slots: issued.length, fma: fma + 2 * half, hmma: matrix.length, multiplyAdds };
}

const NOTHING: Cost = { slots: 0, fma: 0, hmma: 0, multiplyAdds: 0 };

const plus = (a: Cost, b: Cost, times: number): Cost => ({
  slots: a.slots + times * b.slots,
  fma: a.fma + times * b.fma,
  hmma: a.hmma + times * b.hmma,
  multiplyAdds: a.multiplyAdds + times * b.multiplyAdds,
});

/** A block, or a whole loop within the one that is looked at. */
interface Step {
  readonly cost: Cost;
  /** Blocks that come after. */
  readonly next: readonly number[];
}

/** Blocks and inner loops of a loop by the blocks they begin with; null where a loop within is of unknown length. */
function stepsOf(loop: Loop, loops: readonly Loop[], program: readonly Block[]): Map<number, Step> | null {
  const within = loops.filter(
    (other) => loop.blocks.has(other.header) && other.blocks.size < loop.blocks.size,
  );
  const direct = within.filter(
    (one) => !within.some((other) => other.blocks.size > one.blocks.size && other.blocks.has(one.header)),
  );
  const steps = new Map<number, Step>();
  for (const { number, instructions, next } of program)
    if (loop.blocks.has(number) && !direct.some(({ blocks }) => blocks.has(number)))
      steps.set(number, { cost: costOf(instructions), next });
  for (const one of direct) {
    const once = roundOf(one, loops, program);
    if (!once || one.trips === null) return null;
    const ends = program.filter(({ number }) => one.blocks.has(number)).flatMap(({ next }) => next);
    const after = ends.filter((number) => !one.blocks.has(number));
    steps.set(one.header, { cost: plus(NOTHING, once, one.trips), next: after });
  }
  return steps;
}

/**
 * What one run through a loop costs by the dearest way, as a warp goes whose lanes agree; null where a loop within is of
 * unknown length.
 */
export function roundOf(loop: Loop, loops: readonly Loop[], program: readonly Block[]): Cost | null {
  const steps = stepsOf(loop, loops, program);
  if (!steps) return null;
  const known = new Map<number, Cost | null>();
  /** From a step back to the loop's begin; null where every way leaves it. */
  const dearest = (number: number): Cost | null => {
    const step = steps.get(number);
    if (!step) return null;
    const before = known.get(number);
    if (before !== undefined) return before;
    const ways = step.next.map((next) => (next === loop.header ? NOTHING : dearest(next)));
    const rest = ways.filter((way) => way !== null).sort((a, b) => b.slots - a.slots)[0];
    const cost = rest ? plus(step.cost, rest, 1) : null;
    known.set(number, cost);
    return cost;
  };
  return dearest(loop.header);
}

/**
 * A round of a product: the innermost loop around both its multiply-adds and the barriers that its tiles need; of
 * several, the one with the most. Null where there is none, or its length is decided at run time.
 */
export function productRound(assembly: string): Cost | null {
  const program = nakBlocks(assembly);
  const loops = loopsIn(program);
  const hasBarrier = ({ blocks }: Loop): boolean =>
    program.some(
      ({ number, instructions }) => blocks.has(number) && instructions.some(({ op }) => op.startsWith('bar')),
    );
  const around = loops.filter(hasBarrier);
  const innermost = around.filter(
    (loop) =>
      !around.some(
        (other) => other !== loop && loop.blocks.has(other.header) && other.blocks.size < loop.blocks.size,
      ),
  );
  const rounds = innermost.map((loop) => roundOf(loop, loops, program)).filter((cost) => cost !== null);
  const most = rounds.reduce<Cost | null>(
    (best, one) => (one.multiplyAdds > (best?.multiplyAdds ?? 0) ? one : best),
    null,
  );
  return most;
}
