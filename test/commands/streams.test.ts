/** @file Programs whose output nobody reads, or that has no room. */
import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { useFolder } from './terminal.ts';

const at = useFolder();
const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
const pretrain = [
  ...[
    'pretrain',
    '--adapter',
    'swiftshader',
    '--size',
    '16',
    '--spacing',
    '12',
    '--width',
    '2',
    '--steps',
    '2',
  ],
  ...['--set', 'model.depth=2', '--set', 'phantom.subjects=3', '--set', 'phantom.size=32'],
];

interface Ended {
  readonly code: number | null;
  readonly said: string;
  readonly printed: string;
}

/** How a training by a program ends. @param leaves whether the reader of its output leaves at the first line */
function ended(program: string, out: string, streams: ['pipe' | number, 'pipe' | number], leaves = false) {
  const child = spawn(process.execPath, [dist + program, ...pretrain, '--out', at(out)], {
    stdio: ['ignore', ...streams],
  });
  const texts = { said: '', printed: '' };
  child.stderr?.on('data', (text) => {
    texts.said += text;
  });
  child.stdout?.on('data', (text) => {
    texts.printed += text;
    if (leaves) child.stdout!.destroy();
  });
  return new Promise<Ended>((done) => child.on('close', (code) => done({ code, ...texts })));
}

describe.each(['cli.js', 'train.js'])('%s', (program) => {
  it('ends without a word where the reader of its output leaves', async () => {
    const { code, said, printed } = await ended(program, `${program}.head`, ['pipe', 'pipe'], true);
    expect([code, printed.split(':')[0]]).toEqual([141, 'Run']);
    expect(said).not.toMatch(/EPIPE|planewise:/);
  });

  it.skipIf(process.platform !== 'linux')(
    'says why its output cannot be written (/dev/full: Linux)',
    async () => {
      const { code, said } = await ended(program, `${program}.full`, [openSync('/dev/full', 'w'), 'pipe']);
      expect(code).toBe(1);
      expect(said.split('\n').filter((line) => /^planewise:|^ +at /.test(line))).toEqual([
        'planewise: standard output: could not be written: the disk is full. Free some space; what was there before is unchanged.',
      ]);
    },
  );

  it.skipIf(process.platform !== 'linux')(
    'goes on where its remarks cannot be (/dev/full: Linux)',
    async () => {
      const { code, printed } = await ended(program, `${program}.mute`, ['pipe', openSync('/dev/full', 'w')]);
      expect([code, printed.trim().split('\n').at(-1)]).toEqual([0, expect.stringMatching(/^Report: /)]);
    },
  );
});
