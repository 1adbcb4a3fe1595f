import { describe, expect, it } from 'vitest';
import { clearStatus, formatSeconds, startProgress } from '../../src/train/progress.ts';

/** A stream that remembers, and a clock set by hand. */
function fake(isTTY: boolean, columns = 80) {
  const written: string[] = [];
  const clock = { ms: 0 };
  const stream = { isTTY, columns, write: (text: string) => written.push(text) };
  return { written, clock, options: { stream, now: () => clock.ms } };
}

describe('progress', () => {
  it('redraws one line on a terminal, at most ten times a second, and ends it', () => {
    const { written, clock, options } = fake(true);
    const progress = startProgress('train', 200, options);
    for (let done = 1; done <= 100; done++) {
      clock.ms += 10;
      progress.update(done, `loss ${done}`);
    }
    expect(written).toHaveLength(10);
    expect(written.at(-1)).toBe('\r\x1b[Ktrain  91/200  45%  0:01 left  loss 91');
    progress.end();
    expect(written.slice(-2)).toEqual(['\r\x1b[Ktrain  100/200  50%  0:01 left  loss 100', '\n']);
  });

  it('leaves its line on a terminal to news, and is drawn again below them', () => {
    const { written, options } = fake(true);
    const progress = startProgress('train', 2, options);
    progress.update(1);
    clearStatus();
    clearStatus();
    expect(written).toEqual([expect.stringContaining('train'), '\r\x1b[K']);
    progress.end();
    expect(written.slice(2)).toEqual([expect.stringContaining('train'), '\n']);
    clearStatus();
    expect(written).toHaveLength(4);
  });

  it('never wraps the line of a narrow terminal', () => {
    const { written, options } = fake(true, 20);
    startProgress('a label longer than the terminal', 3, options).update(1);
    expect(written).toEqual(['\r\x1b[Ka label longer than']);
  });

  it('writes plain lines elsewhere: one every ten seconds, and the end', () => {
    const { written, clock, options } = fake(false);
    const progress = startProgress('prepare', 100, options);
    for (let done = 1; done <= 100; done++) {
      clock.ms += 250;
      progress.update(done);
    }
    progress.end();
    expect(written).toEqual([
      'prepare  40/100  40%  0:15 left\n',
      'prepare  80/100  80%  0:05 left\n',
      'prepare  100/100  100%  took 0:25\n',
    ]);
  });

  it('writes shares of one thing as a percentage alone', () => {
    const { written, clock, options } = fake(false);
    const progress = startProgress('evaluating', 1, options);
    clock.ms += 12_000;
    progress.update(0.642911296);
    expect(written).toEqual(['evaluating  64%  0:07 left\n']);
  });

  it('says nothing where there is no stream', () => {
    const progress = startProgress('quiet', 1, { stream: undefined });
    progress.update(1);
    progress.end();
  });

  it('writes seconds as a clock does', () => {
    expect([0, 59.6, 75, 3599, 4000].map(formatSeconds)).toEqual([
      '0:00',
      '1:00',
      '1:15',
      '59:59',
      '1:06:40',
    ]);
  });
});
