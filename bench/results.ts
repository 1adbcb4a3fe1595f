/** @file What a run of the benchmark leaves: its JSON, and the file it is kept in. */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { ProfileRow } from '../src/autograd/profile.ts';
import type { BackboneRow } from './backbones.ts';
import type { ConvolutionRow } from './convolution.ts';
import type { FeedingRow } from './feeding.ts';
import type { MemoryRow } from './memory.ts';
import type { ConfigName } from './network.ts';
import type { PageRow } from './page.ts';
import type { RooflineRow } from './roofline.ts';
import type { StartupRow } from './startup.ts';
import type { StepRow } from './steps.ts';
import type { StoreResults } from './store.ts';
import type { Torch } from './torch.ts';
import type { Volumes } from './volumes.ts';
import { mergeWays, type Ways } from './ways.ts';

/** What each part measured, by its name; absent where it was not run. */
export interface Measurements {
  roofline?: RooflineRow[];
  kernels?: ConvolutionRow[];
  steps?: StepRow[];
  startup?: StartupRow[];
  feeding?: FeedingRow[];
  memory?: MemoryRow[];
  ways?: Ways;
  peers?: StepRow[];
  /** Why not, where there is no PyTorch. */
  torch?: { readonly torch: Torch; readonly rows: StepRow[] } | { readonly skipped: string };
  profile?: Partial<Record<ConfigName, ProfileRow[]>>;
  page?: PageRow[];
  store?: StoreResults;
  volumes?: Volumes;
  backbones?: BackboneRow[];
}

export interface Results extends Measurements {
  readonly adapter: string;
  readonly date: string;
  readonly host: { readonly cpu: string; readonly cores: number; readonly node: string };
  /** By part: running processes, a minute's mean, before and after; above the cores, times are of a shared machine. */
  readonly load: Record<string, readonly [number, number]>;
}

export function emptyResults(adapter: string): Results {
  const [cpu] = cpus();
  const host = { cpu: cpu?.model ?? 'unknown', cores: cpus().length, node: process.version };
  return { adapter, date: new Date().toISOString(), host, load: {} };
}

export type Summary = Record<string, Record<string, number>>;

/** Median milliseconds of a train step, by configuration and engine. */
export function summaryOf(rows: readonly StepRow[]): Summary {
  const summary: Summary = {};
  for (const { config, engine, medianMs } of rows) {
    summary[config] ??= {};
    summary[config][engine] = Number(medianMs.toFixed(1));
  }
  return summary;
}

/** What `--json` prints: adapter, `configs` of the peers, `torch` in the same form, and every other part's rows. */
export function jsonOf(results: Results): object {
  const { adapter, peers, torch, date: _date, host: _host, load: _load, ...rest } = results;
  const against = torch && ('rows' in torch ? { ...torch.torch, configs: summaryOf(torch.rows) } : torch);
  return {
    adapter,
    ...(peers && { configs: summaryOf(peers) }),
    ...(against && { torch: against }),
    ...rest,
  };
}

/** `llvmpipe` of "llvmpipe: Mesa 25.0.7 (LLVM 15)", `swiftshader` of "SwiftShader driver 5.0.0". */
export function shortAdapter(adapter: string): string {
  return adapter.toLowerCase().replace(/(:| \(| driver).*$/, '');
}

const kept = fileURLToPath(new URL('../../bench/results', import.meta.url));

/** Rows of configurations that were not measured again, then the new ones. */
function mergeRows<T extends { readonly config: ConfigName }>(
  earlier: readonly T[] = [],
  now?: readonly T[],
): T[] {
  const again = new Set(now?.map(({ config }) => config));
  return [...earlier.filter(({ config }) => !again.has(config)), ...(now ?? [])];
}

const byConfig = ['kernels', 'steps', 'startup', 'feeding', 'memory', 'peers'] as const;

/** An earlier run's results, but for the parts and configurations that were measured again. */
export function mergeResults(earlier: Results | undefined, now: Results): Results {
  if (!earlier) return now;
  const rows = byConfig.filter((part) => earlier[part] ?? now[part]);
  const merged = rows.map((part) => [part, mergeRows<{ config: ConfigName }>(earlier[part], now[part])]);
  const profile = { ...earlier.profile, ...now.profile };
  const ways = mergeWays(earlier.ways, now.ways);
  const torch =
    earlier.torch && now.torch && 'rows' in earlier.torch && 'rows' in now.torch
      ? { torch: now.torch.torch, rows: mergeRows(earlier.torch.rows, now.torch.rows) }
      : (now.torch ?? earlier.torch);
  return {
    ...earlier,
    ...now,
    ...Object.fromEntries(merged),
    ...(Object.keys(profile).length > 0 && { profile }),
    ...(torch && { torch }),
    ...(ways && { ways }),
    load: { ...earlier.load, ...now.load },
  };
}

const folderOf = (to: string | undefined): string => to || kept;

/** The file of an adapter and day. */
function fileOf({ adapter, date }: Results, to: string): string {
  const name = shortAdapter(adapter)
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  return `${to}/${name}-${date.slice(0, 10)}.json`;
}

/** What was kept of the same adapter and day before; undefined where nothing was. */
export async function earlierResults(now: Results, to?: string): Promise<Results | undefined> {
  const file = fileOf(now, folderOf(to));
  return existsSync(file) ? (JSON.parse(await readFile(file, 'utf8')) as Results) : undefined;
}

/** Keeps results in a file of adapter and day, merged with what was measured earlier on that day. */
export async function save(results: Results, to?: string): Promise<string> {
  const file = fileOf(results, folderOf(to));
  await mkdir(folderOf(to), { recursive: true });
  const merged = mergeResults(await earlierResults(results, to), results);
  // whoever is ended meanwhile leaves what was there
  await writeFile(`${file}.part`, `${JSON.stringify(merged, null, 1)}\n`);
  await rename(`${file}.part`, file);
  return file;
}

/** The newest results of every adapter; the lab's, which has none, are beside them. */
export async function newestResults(folder = kept): Promise<Results[]> {
  const isResults = (name: string): boolean => name.endsWith('.json') && !name.startsWith('gpulab-');
  const names = (await readdir(folder)).filter(isResults).sort();
  const all = await Promise.all(names.map((name) => readFile(`${folder}/${name}`, 'utf8')));
  const byAdapter = new Map<string, Results>();
  for (const text of all) {
    const results = JSON.parse(text) as Results;
    byAdapter.set(shortAdapter(results.adapter), results);
  }
  return [...byAdapter.values()];
}
