import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { productRound } from '../../../tools/gpulab/loops.ts';
import { executablesIn, figuresOf } from '../../../tools/gpulab/statistics.ts';

const text = (driver: string): string =>
  readFileSync(new URL(`./captured/${driver}.txt`, import.meta.url), 'utf8');
const captured = (driver: string) => executablesIn(text(driver));

describe('what drivers say', () => {
  it('is read into the same figures of all four', () => {
    const of = (driver: string, job = 7) => figuresOf(captured(driver).get(job)!);
    const fits = { spills: 0, scratch: 0, fills: 0 };
    expect(of('nak')).toMatchObject({ registers: 24, occupancy: 64, unit: 'warps', ...fits });
    expect(of('aco')).toMatchObject({ registers: 24, occupancy: 16, unit: 'waves', ...fits, fills: null });
    expect(of('honeykrisp')).toMatchObject({ registers: 41, occupancy: 1024, unit: 'threads', ...fits });
    expect(of('turnip')).toMatchObject({
      registers: 9,
      occupancy: 16,
      unit: 'waves',
      ...fits,
      scratch: null,
    });
    expect(of('honeykrisp', 48)).toMatchObject({ registers: 255, spills: 74, fills: 74, scratch: 172 });
    expect(of('turnip', 48)).toMatchObject({ registers: 48, spills: 20, fills: 21 });
  });

  it('has the subgroup and the code, and nothing of a job that the driver was not asked for', () => {
    const all = executablesIn(`#job 6\n#job 8\n${text('nak')}`);
    expect([...all.keys()]).toEqual([7]);
    expect(all.get(7)!.subgroup).toBe(32);
    expect(Object.keys(all.get(7)!.code)).toEqual(['NAK assembly']);
  });

  it('is refused from a driver that is not known, by the names of its statistics', () => {
    const strange = executablesIn('#job 0\n#executable subgroup=8 main\n#stat Vector registers = 3\n').get(
      0,
    )!;
    expect(() => figuresOf(strange)).toThrow('Vector registers');
  });
});

describe('the count of a round', () => {
  const assembly = captured('nak').get(7)!.code['NAK assembly']!;

  it('is that by hand: 20 slots and 4 multiply-adds 128 times, and 21 slots around them', () => {
    const [slots, multiplyAdds] = [20 * 128 + 21, 4 * 128];
    expect(productRound(assembly)).toEqual({ slots, fma: multiplyAdds, hmma: 0, multiplyAdds });
  });

  it('takes the dearer side of a branch, and none that leaves the loop', () => {
    const block = (number: number, lines: string[], next: number[]): string =>
      `block ${number} L${number} [] -> {\n${lines.join('\n')}\n} -> [${next.join(', ')}]\n`;
    const fma = 'r1 = ffma r2 r3 r1';
    const text = [
      block(0, ['r1 = mov rZ'], [1]),
      block(1, ['bar.sync', '@!p0 bra pT L3'], [2, 3]),
      block(2, [fma, fma, 'nop'], [4]),
      block(3, [fma], [4]),
      block(4, ['@!p1 bra pT L6'], [1, 5]),
      block(
        5,
        Array.from({ length: 9 }, () => fma),
        [],
      ),
    ].join('');
    expect(productRound(text)).toEqual({ slots: 5, fma: 2, hmma: 0, multiplyAdds: 2 });
  });

  it('counts a matrix instruction as the multiply-adds of a lane', () => {
    const matrices = assembly.replace(/ffma\.ftz r11 r15 r5/, 'hmma.m16n8k16.f32 r44..48 r52..54 r0..4');
    expect(productRound(matrices)).toMatchObject({ fma: 3 * 128, hmma: 128, multiplyAdds: 67 * 128 });
  });

  it('is none where a loop within is as long as a parameter says, and where there are no barriers', () => {
    expect(productRound(assembly.replace('isetp.ge.u32 ur1 0x100', 'isetp.ge.u32 ur1 ur9'))).toBeNull();
    expect(productRound(assembly.replaceAll('bar.sync', 'nop'))).toBeNull();
    expect(productRound('')).toBeNull();
  });
});
