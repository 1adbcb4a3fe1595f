/** @file The benchmark's command line. */
import { parseArgs } from 'node:util';
import type { AdapterChoice } from '../src/tensor/device.node.ts';
import { type ConfigName, configs } from './network.ts';

/** The parts, and what each measures. */
export const parts = {
  roofline: 'multiply-adds in registers, copying by a kernel, the copy command',
  kernels: '3×3 convolutions at the U-Nets’ shapes, three directions',
  steps: 'whole train steps: time, dispatches, submits, bytes',
  startup: 'from process start to the first step, by stage, with empty and with filled driver caches',
  feeding: 'the training loop with its loader against steps on a batch that stays on the device',
  memory: 'bytes of a train step at its peak, with and without --recompute, and PyTorch’s',
  ways: 'the same steps in every way of planewise and of PyTorch, one after another, beside the lab’s model',
  peers: 'the same steps in jax-js and TensorFlow.js, taking turns (installs them into bench/peers)',
  torch: 'the same steps in PyTorch where Python has it, taking turns',
  profile: 'a train step by kernel, from the device’s timestamps',
  volumes:
    'train steps of a 3-D U-Net on 32³ patches, by kernel too, and in PyTorch on one thread, taking turns',
  backbones:
    'train steps and memory of ResNet-50 U-Net, DeepLabV3 and AlexNet U-Net at 224 px, and of PyTorch, taking turns',
  store:
    'memory of trainings from prepared stores of 2,000 to 200,000 images, and speed beside the same in memory',
  page: 'a training in the page and in Node, taking turns (with --adapter swiftshader)',
} as const;

export type PartName = keyof typeof parts;
const partNames = Object.keys(parts) as PartName[];

/** Run when none is named: those that need nothing else installed. */
const usualParts: readonly PartName[] = ['roofline', 'kernels', 'steps', 'startup', 'feeding', 'memory'];

/** What the parts are told. */
export interface Settings {
  readonly configs: readonly ConfigName[];
  /** Counted steps of planewise. */
  readonly steps: number;
  /** Where the Chrome trace goes. */
  readonly trace: string | undefined;
  /** Whether the peers are also waited for as planewise waits. */
  readonly rest: boolean;
  /** Engines of `ways`, all where there are none; and text that leaves out engines. */
  readonly engines: readonly string[];
  readonly without: string | undefined;
  /** Whether engines that have been measured before are left out. */
  readonly missing: boolean;
}

export interface BenchOptions extends Settings {
  readonly parts: readonly PartName[];
  readonly json: boolean;
  /** Folder that the results are kept in; undefined: they are not kept; '': bench/results. */
  readonly save: string | undefined;
  /** Shows kept results instead of measuring. */
  readonly shows: 'chart' | 'summary' | undefined;
}

const lines = partNames.map((name) => `  ${name.padEnd(10)} ${parts[name]}`);

export const help = `npm run bench -- [part …] [options]

${lines.join('\n')}
             (default: ${usualParts.join(' ')})
  summary    the newest kept results in short; measures nothing
  chart      draws them as docs/pictures/bench.svg and prints the README's tables; measures nothing

  --configs A,B      S: batch 4, 64×64, widths 16…256; M: batch 2, 128×128, widths 32…512;
                     zhang2024: batch 20 (what memory allows; 1 on software adapters), 224×224, widths 64…1024
                     (default S; S,M,zhang2024 when no part is named)
  --adapter NAME     gpu, system or swiftshader
  --steps N          counted steps (default 10)
  --trace FILE       where profile writes a Chrome trace
  --rest             peers: jax-js a second time, waited for as planewise waits
  --engine NAME      ways: only this engine, such as "PyTorch TF32"; may be given several times
  --without TEXT     ways: no engine with this text in its name, such as compiled
  --missing          ways: only engines that the kept results have no step of, or a wrong one
  --json             print JSON instead of tables
  --save             keep the results in bench/results
  --out FOLDER       keep them there`;

function listOf<T extends string>(what: string, found: readonly string[], allowed: readonly T[]): T[] {
  const wrong = found.find((name) => !(allowed as readonly string[]).includes(name));
  if (wrong !== undefined) throw new Error(`Unknown ${what} "${wrong}". Use ${allowed.join(', ')}.`);
  return found as T[];
}

function stepsOf(text: string): number {
  const steps = Number(text);
  if (Number.isInteger(steps) && steps >= 3) return steps;
  throw new Error(`--steps is "${text}". Use a whole number of at least 3.`);
}

/** Null where help was asked for. Sets PLANEWISE_ADAPTER, which the engines' processes inherit. */
export function parseOptions(argv: readonly string[]): BenchOptions | null {
  const { positionals, values } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      adapter: { type: 'string' },
      configs: { type: 'string' },
      steps: { type: 'string', default: '10' },
      trace: { type: 'string' },
      rest: { type: 'boolean', default: false },
      engine: { type: 'string', multiple: true, default: [] },
      without: { type: 'string' },
      missing: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      save: { type: 'boolean', default: false },
      out: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return null;
  if (values.adapter) process.env.PLANEWISE_ADAPTER = values.adapter satisfies string as AdapterChoice;
  const shows = (['chart', 'summary'] as const).find((what) => positionals.join() === what);
  const chosen = shows ? [] : listOf('part', positionals, partNames);
  const all = Object.keys(configs) as ConfigName[];
  const named = values.configs?.split(',') ?? (chosen.length ? ['S'] : all);
  return {
    parts: shows || chosen.length ? chosen : usualParts,
    configs: listOf('configuration', named, all),
    steps: stepsOf(values.steps),
    json: values.json,
    save: values.out ?? (values.save ? '' : undefined),
    trace: values.trace,
    rest: values.rest,
    engines: values.engine,
    without: values.without,
    missing: values.missing,
    shows,
  };
}
