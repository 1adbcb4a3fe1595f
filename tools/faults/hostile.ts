/** @file Gives the commands that read folders nobody should have: each must end in time and memory, in words of its own. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { MOST_MIB } from './fuzz.ts';
import { type Hostile, hostileFolders, MARKUP } from './hostileFolders.ts';
import { cohort, training, weights } from './jobs.mjs';
import { remove, start, succeed } from './programs.mjs';

/** Of the processor, beyond what the command needs where nothing is odd. */
const MOST_MS = 5000;

const commands = ['prepare', 'labels', 'plan', 'predict', 'pretrain'] as const;

export type Command = (typeof commands)[number];

/** How each command that reads is given a folder; they run beside `planes` and `masks`, whose runs hold weights. */
const argumentsOf: Record<Command, (folder: string, config?: string) => string[]> = {
  prepare: (folder) => ['prepare', folder, '--out', 'out', '--size', '32', '--spacing', '8'],
  labels: (folder) => ['labels', folder],
  plan: (folder) => ['plan', '--study', folder, '--weights', 'planes/out', '--out', 'out'],
  predict: (folder) => ['predict', '--data', folder, '--weights', 'masks/out', '--out', 'out'],
  pretrain: (folder, config) => [
    ...['pretrain', ...training, '--task', 'location', '--steps', '2', '--data', folder],
    ...(config ? ['--config', config] : []),
  ],
};

/** What came of one: `read`: the folder, with what had to be left out; `refused`: in words of its own. */
export interface Row {
  readonly folder: string;
  readonly command: Command;
  readonly end: 'read' | 'refused';
  /** Of the processor, beyond the command's usual time. */
  readonly moreMs: number;
  readonly mib: number;
  readonly problem: string | null;
  readonly said: string;
}

interface Measured {
  readonly code: number | null;
  readonly said: string;
  readonly cpuMs: number;
  readonly mib: number;
}

/** Linux counts in hundredths of a second. */
const TICK_MS = 10;

/** Most memory and processor time of a process so far; null once it is gone. */
function usageOf(pid: number): { cpuMs: number; mib: number } | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    const peak = /VmHWM:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return (
      peak && { cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS, mib: Number(peak[1]) / 1024 }
    );
  } catch {
    return null;
  }
}

async function measured(args: readonly string[], cwd: string, under: readonly string[]): Promise<Measured> {
  const env = { PLANEWISE_ADAPTER: 'swiftshader' };
  const { child, ended } = start(args, cwd, { within: 120_000, env, under });
  let usage = { cpuMs: 0, mib: 0 };
  const timer = setInterval(() => {
    usage = usageOf(child.pid!) ?? usage;
  }, 20);
  const { code, said } = await ended;
  clearInterval(timer);
  return { code, said, ...usage };
}

/** Root reads everything, unless it gives that up. */
const asOther = process.geteuid?.() === 0 ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search'] : [];

/** Controls but for ends of lines. */
const CONTROLS = /[^\P{Cc}\n]/u;

const filesBelow = (folder: string): string[] =>
  existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : [];

/** What must not be; null where nothing is. */
function judge({ code, said, mib }: Measured, moreMs: number, out: string): string | null {
  if (code === null) return 'hung';
  if (moreMs > MOST_MS) return `took ${moreMs} ms more of the processor`;
  if (mib > MOST_MIB) return `took ${mib.toFixed(0)} MiB`;
  if (code !== 0 && !/^(planewise|error): /m.test(said)) return 'untyped';
  if (/^ +at .*:\d+:\d+/m.test(said)) return 'where in the code';
  if (CONTROLS.test(said)) return 'controls in what it says';
  const pages = filesBelow(out).filter((name) => name.endsWith('.html'));
  const injected = pages.find((name) => readFileSync(join(out, name), 'utf8').includes(MARKUP));
  return injected ? `markup in ${injected}` : null;
}

const pixelsIn = (out: string): string =>
  filesBelow(out)
    .filter((name) => /pixels\..*\.bin$/.test(name))
    .map((name) => readFileSync(join(out, name), 'base64'))
    .join();

export interface Given {
  readonly scratch: string;
  readonly only?: readonly Command[];
  /** Names of hostile folders, those together that are made in one study; default: each alone. */
  readonly folders?: readonly (readonly string[])[];
  readonly say?: (line: string) => void;
}

/** Each folder to each command. */
export async function hostileCampaign({
  scratch,
  only = commands,
  folders = Object.keys(hostileFolders).map((name) => [name]),
  say = () => {},
}: Given): Promise<Row[]> {
  await succeed(cohort, scratch);
  const needed: [Command, string, readonly string[]][] = [
    [
      'plan',
      'planes',
      ['pretrain', ...training, '--data', '../cohort', '--task', 'orientation', '--steps', '2'],
    ],
    ['predict', 'masks', weights],
  ];
  for (const [command, name, args] of needed) {
    if (!only.includes(command)) continue;
    mkdirSync(join(scratch, name));
    await succeed(args, join(scratch, name));
  }
  const rows: Row[] = [];
  const usual = new Map<Command, Measured & { pixels: string }>();
  const out = join(scratch, 'out');
  for (const command of only) {
    usual.set(command, {
      ...(await measured(argumentsOf[command]('cohort'), scratch, [])),
      pixels: pixelsIn(out),
    });
    remove(out);
  }
  for (const names of folders) {
    const name = names.join('; ');
    const kinds = names.map((one): Hostile => hostileFolders[one]!);
    const folder = join(scratch, 'study');
    cpSync(join(scratch, 'cohort'), folder, { recursive: true });
    const lettingGo = kinds.map(({ make }, i) => {
      const odd = join(folder, `odd${i}`);
      mkdirSync(odd);
      return make(odd);
    });
    const configured = kinds.findIndex(({ config }) => config);
    const config = kinds[configured] && `study/odd${configured}/${kinds[configured].config}`;
    for (const command of only) {
      const args = argumentsOf[command]('study', config);
      const found = await measured(args, scratch, kinds.some(({ unreadable }) => unreadable) ? asOther : []);
      const own = usual.get(command)!;
      const moreMs = found.cpuMs - own.cpuMs;
      const same = command === 'prepare' && found.code === 0 && kinds.every(({ images }) => !images);
      const other = same && pixelsIn(out) !== own.pixels;
      const problem = judge(found, moreMs, out) ?? (other ? 'other pixels than without' : null);
      const { mib, said } = found;
      rows.push({
        folder: name,
        command,
        end: found.code === 0 ? 'read' : 'refused',
        ...{ moreMs, mib, problem, said },
      });
      say(`${name}: ${command}: ${problem ?? rows.at(-1)!.end}, ${moreMs} ms more, ${mib.toFixed(0)} MiB`);
      remove(out);
    }
    for (const letGo of lettingGo) if (typeof letGo === 'function') letGo();
    // Node cannot remove folders deeper than paths may be
    execFileSync('rm', ['-rf', folder]);
  }
  return rows;
}

/** All in one folder, but for those that hold a configuration, by which a command is refused before it reads. */
export const together = (): readonly (readonly string[])[] => {
  const [plain, configured] = [false, true].map((wanted) =>
    Object.keys(hostileFolders).filter((name) => (hostileFolders[name]!.config !== undefined) === wanted),
  );
  return [plain!, ...configured!.map((name) => [name])];
};

/** `hostile [--only commands] [--together] [--verbose]`: 1 where anything was amiss. */
export async function hostile(args: readonly string[]): Promise<number> {
  const flag = { type: 'boolean' } as const;
  const options = { only: { type: 'string' }, together: flag, verbose: flag } as const;
  const { values } = parseArgs({ args: [...args], options });
  const scratch = mkdtempSync(join(tmpdir(), 'planewise-hostile-'));
  const only = values.only?.split(',') as Command[] | undefined;
  const folders = values.together && { folders: together() };
  const rows = await hostileCampaign({ scratch, say: console.log, ...(only && { only }), ...folders });
  console.table(rows.map(({ said, ...row }) => ({ ...row, mib: Math.round(row.mib) })));
  const amiss = rows.filter(({ problem }) => problem !== null);
  for (const { folder, command, problem, said } of values.verbose ? rows : amiss)
    console.log(`\n=== ${folder}: ${command}: ${problem}\n${said}`);
  remove(scratch);
  return amiss.length > 0 ? 1 : 0;
}
