/** @file `npm run bench`: measures this adapter and prints tables. */
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { chromeTrace, type ProfileRow, profileStep, traceStep } from '../src/autograd/profile.ts';
import { type ConvolutionRow, measureConvolutions } from './convolution.ts';
import { type ConfigName, configs, trainStep } from './network.ts';
import { type BenchOptions, help, type Part, parseOptions, withDevice } from './options.ts';
import type { PageRow } from './page.ts';
import { comparePeers, installPeers } from './peers.ts';
import { measureRoofline, type RooflineRow } from './roofline.ts';
import { measureSteps, type StepRow } from './steps.ts';
import { convolutionTable, pageTable, peerTable, profileTable, rooflineTable, stepTable } from './tables.ts';

interface Results {
  readonly adapter: string;
  readonly date: string;
  readonly host: { readonly cpu: string; readonly cores: number; readonly node: string };
  /** By part: running processes, a minute's mean, before and after; above the cores, times are of a shared machine. */
  readonly load: Partial<Record<Part, readonly [number, number]>>;
  roofline?: RooflineRow[];
  kernels?: ConvolutionRow[];
  steps?: StepRow[];
  peers?: StepRow[];
  profile?: Partial<Record<ConfigName, ProfileRow[]>>;
  page?: PageRow[];
}

/** Measures one part into `results` and gives its table. */
type Measure = (results: Results, options: BenchOptions) => Promise<string>;

async function profileConfig(config: ConfigName, trace: string | undefined): Promise<ProfileRow[]> {
  return withDevice(async (device) => {
    const train = await trainStep(device, configs[config]);
    train.run(1);
    const rows = await profileStep(train.captured);
    if (trace) await writeFile(trace, chromeTrace(await traceStep(train.captured), `train step ${config}`));
    train.dispose();
    return rows;
  });
}

const measures: Record<Part, Measure> = {
  async roofline(results) {
    results.roofline = await withDevice(measureRoofline);
    return rooflineTable(results.roofline);
  },
  async kernels(results, options) {
    results.kernels = [];
    for (const config of options.configs)
      results.kernels.push(...(await withDevice((device) => measureConvolutions(device, config))));
    return convolutionTable(results.kernels);
  },
  async steps(results, options) {
    results.steps = [];
    for (const config of options.configs) {
      const plan = { engines: ['planewise'] as const, config, steps: options.steps, budgetMs: 60_000 };
      results.steps.push(...(await measureSteps(plan)));
    }
    return stepTable(results.steps);
  },
  async peers(results, options) {
    installPeers();
    results.peers = [];
    for (const config of options.configs)
      results.peers.push(...(await comparePeers(config, results.adapter, options.steps)));
    return peerTable(results.peers);
  },
  async profile(results, options) {
    results.profile = {};
    for (const config of options.configs)
      results.profile[config] = await profileConfig(config, options.trace);
    return options.configs.map((config) => profileTable(config, results.profile![config]!)).join('\n\n');
  },
  async page(results, options) {
    if (!/swiftshader/i.test(results.adapter))
      throw new Error('The page is measured on the adapter of its browser: add --adapter swiftshader.');
    // what it needs is installed for development only
    const { measurePage } = await import('./page.ts');
    results.page = await measurePage(options.steps);
    return pageTable(results.page);
  },
};

/** Median milliseconds by engine, as other programs read them. */
function peerSummary(rows: readonly StepRow[]): Record<string, Record<string, number>> {
  const summary: Record<string, Record<string, number>> = {};
  for (const { config, engine, medianMs } of rows) {
    summary[config] ??= {};
    summary[config][engine] = Number(medianMs.toFixed(1));
  }
  return summary;
}

/** `llvmpipe` of "llvmpipe: Mesa 25.0.7 (LLVM 15)", `swiftshader` of "SwiftShader driver 5.0.0". */
function fileNameOf(adapter: string): string {
  const name = adapter.toLowerCase().replace(/(:| \(| driver).*$/, '');
  return name.replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '');
}

/** Parts of an earlier run on the same day are kept unless they were measured again. */
async function save(results: Results): Promise<string> {
  const folder = fileURLToPath(new URL('../../bench/results', import.meta.url));
  await mkdir(folder, { recursive: true });
  const file = `${folder}/${fileNameOf(results.adapter)}-${results.date.slice(0, 10)}.json`;
  const earlier = existsSync(file) ? (JSON.parse(await readFile(file, 'utf8')) as Results) : undefined;
  const merged = { ...earlier, ...results, load: { ...earlier?.load, ...results.load } };
  await writeFile(file, `${JSON.stringify(merged, null, 1)}\n`);
  return file;
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (!options) {
    console.log(help);
    return;
  }
  const say = (text: string) => options.json || console.log(`${text}\n`);
  const [cpu] = cpus();
  const results: Results = {
    adapter: await withDevice(async ({ caps }) => caps.description),
    date: new Date().toISOString(),
    host: { cpu: cpu?.model ?? 'unknown', cores: cpus().length, node: process.version },
    load: {},
  };
  say(`${results.adapter}; ${results.host.cores} cores, load ${loadavg()[0]!.toFixed(1)}`);
  for (const part of options.parts) {
    const before = loadavg()[0]!;
    say(await measures[part](results, options));
    results.load[part] = [before, loadavg()[0]!];
    if (options.save) say(`Saved ${await save(results)}`);
  }
  if (options.json) {
    const summary = results.peers && { configs: peerSummary(results.peers) };
    console.log(JSON.stringify({ ...results, ...summary }));
  }
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
