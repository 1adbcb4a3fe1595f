/** @file The command line of `npm run gpulab`. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type ConfigName, configs } from '../../bench/network.ts';
import { type PrecisionName, precisionNames, precisions } from './precisions.ts';
import { type TargetName, targetNames, targets } from './targets.ts';

export interface GpulabOptions {
  readonly networks: readonly ConfigName[];
  readonly devices: readonly TargetName[];
  readonly precisions: readonly PrecisionName[];
  readonly toggles: readonly string[];
  /** Only pipelines whose name has this text are printed. */
  readonly only: string;
  /** Whether every entry point of every shader is compiled too. */
  readonly entries: boolean;
  /** A root that is there; undefined: the one in the cache folder, made if need be. */
  readonly root: string | undefined;
  readonly cache: string | undefined;
  readonly json: boolean;
  /** Folder that the results are kept in; undefined: they are not kept. */
  readonly save: string | undefined;
}

const networks = Object.keys(configs) as ConfigName[];
const rows = (names: readonly string[], says: (name: never) => string): string =>
  names.map((name) => `      ${name.padEnd(10)} ${says(name as never)}`).join('\n');

export const help = `npm run gpulab -- [options]

Compiles the train steps and every shader with Mesa's compilers for GPUs that are not there, and says what becomes of
them. Nothing is measured: times are a model's.

  --networks A,B     ${networks.join(', ')} as in bench/README.md (default all)
  --devices A,B      (default all)
${rows(targetNames, (name: TargetName) => `${targets[name].title} (${targets[name].id}); modelled as ${targets[name].hardware.card}`)}
  --precision A,B    (default all)
${rows(precisionNames, (name: PrecisionName) => `${precisions[name].says}${precisions[name].byItself ? '' : '; only tried'}`)}
  --toggles A,B      of Dawn, to switch on, such as disable_robustness (default vulkan_enable_f16_on_nvidia, without
                     which Dawn shows no f16 on NVIDIA)
  --steps-only       leaves out entry points that no step has
  --only TEXT        prints only pipelines with this text in their name
  --root FOLDER      a root with Mesa's drivers and shims that is there; it is not changed
  --cache FOLDER     where the root is made, once (default the user's cache folder)
  --json             prints the results as JSON
  --save             keeps them in bench/results/gpulab-<date>.json
  --out FOLDER       keeps them there

Exits with 1 where a pipeline that a device would run by itself spills or is refused, with 2 on an error, and with 3
where the lab cannot run: it needs Debian or Ubuntu with apt, as root, debootstrap, gcc and unshare.`;

function listOf<T extends string>(
  what: string,
  text: string | undefined,
  allowed: readonly T[],
): readonly T[] {
  if (text === undefined) return allowed;
  const found = text.split(',');
  const wrong = found.find((name) => !(allowed as readonly string[]).includes(name));
  if (wrong !== undefined) throw new Error(`Unknown ${what} "${wrong}". Use ${allowed.join(', ')}.`);
  return found as T[];
}

/** Null where help was asked for. @throws Error naming what is wrong */
export function parseOptions(argv: readonly string[], results: string): GpulabOptions | null {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    args: [...argv],
    options: {
      networks: text,
      devices: text,
      precision: text,
      toggles: { ...text, default: 'vulkan_enable_f16_on_nvidia' },
      'steps-only': flag,
      only: { ...text, default: '' },
      root: text,
      cache: text,
      json: flag,
      save: flag,
      out: text,
      help: { ...flag, short: 'h' },
    },
  });
  if (values.help) return null;
  return {
    networks: listOf('network', values.networks, networks),
    devices: listOf('device', values.devices, targetNames),
    precisions: listOf('precision', values.precision, precisionNames),
    toggles: values.toggles.split(',').filter(Boolean),
    only: values.only,
    entries: !values['steps-only'],
    root: values.root && resolve(values.root),
    cache: values.cache && resolve(values.cache),
    json: values.json,
    save: values.out ? resolve(values.out) : values.save ? results : undefined,
  };
}
