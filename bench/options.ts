/** @file The benchmark's command line. */
import { parseArgs } from 'node:util';
import { type AdapterChoice, openDevice } from '../src/tensor/device.node.ts';
import type { Device } from '../src/tensor/device.ts';
import { type ConfigName, configs } from './network.ts';

export const parts = ['roofline', 'kernels', 'steps', 'peers', 'profile', 'page'] as const;
export type Part = (typeof parts)[number];

export interface BenchOptions {
  readonly parts: readonly Part[];
  readonly configs: readonly ConfigName[];
  /** Counted steps of planewise. */
  readonly steps: number;
  readonly json: boolean;
  readonly save: boolean;
  /** Where the Chrome trace goes. */
  readonly trace: string | undefined;
}

export const help = `npm run bench -- [roofline] [kernels] [steps] [peers] [profile] [page] [options]

  roofline   multiply-adds in registers, copying by a kernel, the copy command
  kernels    3×3 convolutions at the U-Nets' shapes, three directions
  steps      whole train steps: time, dispatches, bytes, time to the first step
  peers      the same steps in jax-js and TensorFlow.js, taking turns (installs them into bench/peers)
  profile    a train step by kernel, from the device's timestamps
  page       a training in the page and in Node, taking turns (with --adapter swiftshader)
             (default: roofline kernels steps)

  --configs S,M      S: batch 4, 64×64, widths 16…256; M: batch 2, 128×128, widths 32…512 (default S)
  --adapter NAME     gpu, system or swiftshader
  --steps N          counted steps (default 10)
  --trace FILE       where profile writes a Chrome trace
  --json             print JSON instead of tables
  --save             keep the results in bench/results`;

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
      configs: { type: 'string', default: 'S' },
      steps: { type: 'string', default: '10' },
      trace: { type: 'string' },
      json: { type: 'boolean', default: false },
      save: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return null;
  if (values.adapter) process.env.PLANEWISE_ADAPTER = values.adapter satisfies string as AdapterChoice;
  const chosen = listOf('part', positionals, parts);
  return {
    parts: chosen.length ? chosen : ['roofline', 'kernels', 'steps'],
    configs: listOf('configuration', values.configs.split(','), Object.keys(configs) as ConfigName[]),
    steps: stepsOf(values.steps),
    json: values.json,
    save: values.save,
    trace: values.trace,
  };
}

/** Opens the adapter for one measurement and closes it after, so that none runs beside another. */
export async function withDevice<T>(action: (device: Device) => Promise<T>): Promise<T> {
  const device = await openDevice();
  try {
    return await action(device);
  } finally {
    device.dispose();
  }
}
