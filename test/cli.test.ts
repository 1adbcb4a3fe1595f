import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Winner } from '../src/autograd/tune.ts';
import { openStore } from '../src/data/store.node.ts';

const built = (name: string): string => fileURLToPath(new URL(`../dist/${name}`, import.meta.url));
const program = built('cli.js');
let folder = '';
/** What making the cohort said is to come next. */
let next: string[] = [];

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built program; a process that does not end by itself fails the test. */
function planewise(args: readonly string[], env: NodeJS.ProcessEnv = {}, path = program): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, ...env }, timeout: 30_000, maxBuffer: 1 << 26 };
    const child = execFile(process.execPath, [path, ...args], options, (_, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, stdout, stderr });
    });
  });
}

/** The words a shell makes of the command that an outcome ends with, a folder put in for what is to be chosen. */
function nextOf({ stderr }: Outcome): string[] {
  const command = /^Next: npx planewise (.*)$/m.exec(stderr)![1]!.replace(/<\w+>/, '"$NEXT"');
  const env = { ...process.env, NEXT: join(folder, 'next') };
  return execFileSync('sh', ['-c', `printf '%s\\n' ${command}`], { env, encoding: 'utf8' })
    .trimEnd()
    .split('\n');
}

beforeAll(async () => {
  if (!existsSync(program)) throw new Error('dist/cli.js is missing: run npm run build first');
  folder = await mkdtemp(join(tmpdir(), 'planewise, Lea’s (cli)-'));
  const small = ['--subjects', '1', '--phases', '1', '--size', '32', '--seed', '3'];
  const made = await planewise(['phantom', ...small, '--out', join(folder, 'cohort')]);
  expect(made).toMatchObject({ code: 0, stdout: '' });
  next = nextOf(made);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('planewise', () => {
  it('labels prints a table, or with --json the same as JSON', async () => {
    const table = await planewise(['labels', join(folder, 'cohort')]);
    const json = await planewise([
      'labels',
      join(folder, 'cohort'),
      '--json',
      '--size',
      '64',
      '--spacing',
      '4',
    ]);
    const { images, size } = JSON.parse(json.stdout);
    const lines = table.stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(
      /^FILE +SUBJECT +SLICE +FRAME +LOCATION +LINE 2-chamber \(a b d\) +LINE 4-chamber/,
    );
    expect(lines).toHaveLength(images.length + 1);
    expect(images.length).toBeGreaterThan(5);
    expect(size).toBe(64);
    expect(images[0].references['2-chamber'].crop).toHaveLength(3);
  });

  it('says what comes next, and that can be typed', async () => {
    const prepared = await planewise(next);
    expect(prepared).toMatchObject({ code: 0 });
    const [command, ...args] = nextOf(prepared);
    expect(command).toBe('pretrain');
    const run = await planewise([command!, ...args.slice(0, -1), join(folder, 'other'), '--print-config']);
    expect(JSON.parse(run.stdout)).toMatchObject({ data: join(folder, 'next'), size: 32, spacingMm: 8 });
  });

  it('prepare writes a store that opens with the size and views asked for', async () => {
    const out = join(folder, 'store');
    const args = ['--size', '48', '--spacing', '5', '--reference', '4-chamber', '--dtype', 'f16', '--json'];
    const { stdout } = await planewise(['prepare', join(folder, 'cohort'), '--out', out, ...args]);
    const { manifest, pixels } = await openStore(out);
    expect(manifest).toMatchObject({ size: 48, spacingMm: 5, referenceViews: ['4-chamber'], dtype: 'f16' });
    expect(pixels).toHaveLength(manifest.images.length * 48 * 48);
    expect(JSON.parse(stdout).subjects).toMatchObject([{ images: manifest.images.length }]);
  });

  it('devices lists the three ways to a device, and ends', async () => {
    const { code, stdout, stderr } = await planewise(['devices', '--json', '--adapter', 'swiftshader']);
    const candidates = JSON.parse(stdout) as { choice: string; taken: boolean }[];
    expect(code, stderr).toBe(0);
    expect(candidates.filter(({ taken }) => taken)).toMatchObject([{ choice: 'swiftshader' }]);
  });

  it('tune times the variants while there is time, says what was left open, and keeps what it found', async () => {
    const cache = join(folder, 'cache');
    const small = ['--width', '2', '--size', '16', '--batch', '2', '--adapter', 'swiftshader'];
    const tune = (...args: string[]) => planewise(['tune', ...small, ...args], { PLANEWISE_CACHE: cache });
    const { code, stdout, stderr } = await tune('--seconds', '0.5', '--json');
    expect(code, stderr).toBe(0);
    const winners = JSON.parse(stdout) as Winner[];
    const timed = winners.filter(({ ms }) => ms !== null);
    expect(timed.length).toBeGreaterThan(0);
    expect(timed.length).toBeLessThan(winners.length);
    for (const { ms, orderedMs } of timed) expect(ms).toBeLessThanOrEqual(orderedMs!);
    expect(stderr).toMatch(
      /^Not all variants of \d+ problems were timed, the largest .*: about \d+ % of a step/m,
    );
    const stored = JSON.parse(await readFile(join(cache, 'variants.json'), 'utf8'));
    expect(Object.keys(stored)).toEqual([expect.stringMatching(/swiftshader.*subgroups of/i)]);
    const table = await tune('--seconds', '0');
    const [header, ...rows] = table.stdout.trimEnd().split('\n');
    expect(header).toMatch(/^PROBLEM +USES +IN ORDER +MS +CHOSEN +MS +RATIO$/);
    expect(rows).toHaveLength(winners.length);
  });

  it('what goes wrong is one line on standard error, and exit code 1', async () => {
    const wrong: readonly [string[], RegExp, NodeJS.ProcessEnv?][] = [
      [['labels', join(folder, 'nowhere')], /nowhere: does not exist/],
      [
        ['labels', join(folder, 'cohort'), '--map', 'sax'],
        /^planewise: command line: --map sax: a mapping folder-or-series=view/,
      ],
      [['labels', join(folder, 'cohort'), '--size', 'big'], /: --size big: a whole number above 0 is needed/],
      [['tune', '--seconds', 'soon'], /: --seconds soon: a number from 0 is needed/],
      [['tune', '--size', '17'], /size/],
      [['tnue'], /: tnue: no command of planewise; did you mean tune\?/],
      [
        ['devices'],
        /^planewise: environment: PLANEWISE_ADAPTER=abacus: one of gpu, system, swiftshader is needed\./,
        { PLANEWISE_ADAPTER: 'abacus' },
      ],
      [['phantom', '--out', join(folder, 'cohort'), '--seed', '9'], /made with other options/],
    ];
    for (const [args, message, env] of wrong) {
      const { code, stdout, stderr } = await planewise(args, env);
      expect({ code, stdout }, args.join(' ')).toEqual({ code: 1, stdout: '' });
      expect(stderr.trimEnd().split('\n'), args.join(' ')).toEqual([expect.stringMatching(message)]);
    }
  });

  it('train: a command has its own options, also those that the whole job has', async () => {
    const train = (...args: string[]) => planewise(args, {}, built('train.js'));
    const out = join(folder, 'own');
    const { stdout } = await train('pretrain', '--out', out, '--print-config');
    expect(JSON.parse(stdout)).toMatchObject({ out });
    const before = await train('--out', out, 'pretrain', '--print-config');
    expect([before.code, before.stderr]).toEqual([
      1,
      'planewise: command line: --out stands before pretrain. Put it behind.\n',
    ]);
  });

  it('help names every command', async () => {
    const { stdout } = await planewise(['--help']);
    for (const name of ['devices', 'labels', 'prepare', 'phantom', 'pretrain', 'tune'])
      expect(stdout).toContain(`  ${name}`);
  });
});
