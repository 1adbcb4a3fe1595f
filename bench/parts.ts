/** @file How each part of the benchmark is measured and shown. */
import { writeFile } from 'node:fs/promises';
import { chromeTrace, type ProfileRow, profileStep, traceStep } from '../src/autograd/profile.ts';
import { openProgramDevice } from '../src/run/device.node.ts';
import type { Caps, Device } from '../src/tensor/device.ts';
import { measureBackbones } from './backbones.ts';
import { measureConvolutions } from './convolution.ts';
import { measureFeeding } from './feeding.ts';
import { measureMemory, memoryTable } from './memory.ts';
import { modelOf } from './model.ts';
import { type ConfigName, sizesOf, trainStep } from './network.ts';
import type { PartName, Settings } from './options.ts';
import { comparePeers, installPeers } from './peers.ts';
import type { Results } from './results.ts';
import { measureRoofline } from './roofline.ts';
import { measureStartup } from './startup.ts';
import { everyPrecision, measureSteps } from './steps.ts';
import { measureStore } from './store.ts';
import {
  backbonesTable,
  convolutionTable,
  engineTable,
  feedingTable,
  pageTable,
  profileTable,
  rooflineTable,
  startupTable,
  stepTable,
  storeTable,
  volumesTable,
  wayLine,
  waysTable,
} from './tables.ts';
import { compareTorch, findTorch, missingTorch } from './torch.ts';
import { measureVolumes } from './volumes.ts';
import { measureWays, type WayFailure, type WayRow, type Ways } from './ways.ts';

/** Measures one part into `results` and gives its table. */
type Measure = (results: Results, settings: Settings, caps: Caps, kept: Kept) => Promise<string>;

/** For parts that take long. */
export interface Kept {
  /** What was kept before on this adapter and day. */
  readonly earlier: Results | undefined;
  /** Keeps what there is in `results` so far, and says a line of it. */
  tell(line: string): Promise<void>;
}

/** Opens the adapter for one measurement and closes it after, so that none runs beside another. */
export async function withDevice<T>(action: (device: Device) => Promise<T>): Promise<T> {
  const device = await openProgramDevice({ precision: 'mixed' });
  try {
    return await action(device);
  } finally {
    device.dispose();
  }
}

/** One configuration after another, results joined. */
async function each<T>(configs: readonly ConfigName[], measure: (config: ConfigName) => Promise<T[]>) {
  const rows: T[] = [];
  for (const config of configs) rows.push(...(await measure(config)));
  return rows;
}

async function profileConfig(config: ConfigName, trace: string | undefined): Promise<ProfileRow[]> {
  return withDevice(async (device) => {
    const train = await trainStep(device, sizesOf(config, device.caps.software)[0]!);
    train.run(1);
    const rows = await profileStep(train.captured);
    if (trace) await writeFile(trace, chromeTrace(await traceStep(train.captured), `train step ${config}`));
    train.dispose();
    return rows;
  });
}

export const measures: Record<PartName, Measure> = {
  async roofline(results) {
    results.roofline = await withDevice(measureRoofline);
    return rooflineTable(results.roofline);
  },
  async kernels(results, { configs }) {
    results.kernels = await each(configs, (config) => withDevice((d) => measureConvolutions(d, config)));
    return convolutionTable(results.kernels);
  },
  async steps(results, { configs, steps }, caps) {
    const { software } = caps;
    results.steps = await each(configs, (config) =>
      measureSteps({ engines: everyPrecision(caps), config, software, steps, budgetMs: 60_000 }),
    );
    return stepTable(results.steps);
  },
  async startup(results, { configs }) {
    results.startup = await each(configs, measureStartup);
    return startupTable(results.startup);
  },
  async feeding(results, { configs }) {
    results.feeding = await each(configs, (config) =>
      withDevice(async (device) => [await measureFeeding(device, config)]),
    );
    return feedingTable(results.feeding);
  },
  async memory(results, { configs }, { software }) {
    const python = findTorch()?.python ?? null;
    results.memory = await each(configs, (config) =>
      withDevice((device) => measureMemory(device, config, sizesOf(config, software).at(-1)!, python)),
    );
    return memoryTable(results.memory);
  },
  async ways(results, { configs, engines, without, missing, steps }, caps, { earlier, tell }) {
    const able = caps.f16 ? await withDevice(async ({ caps }) => caps) : caps;
    const model = modelOf(results.adapter);
    const known = earlier?.ways ?? null;
    let ways: Ways = { rows: [], failures: [], noTorch: null };
    const add = async (found: WayRow | WayFailure): Promise<void> => {
      if ('reason' in found) ways = { ...ways, failures: [...ways.failures, found] };
      else ways = { ...ways, rows: [...ways.rows, found] };
      results.ways = ways;
      await tell(wayLine(found));
    };
    for (const config of configs) {
      const noTorch = await measureWays(config, able, { engines, without, missing, steps }, known, add);
      ways = { ...ways, noTorch };
    }
    results.ways = ways;
    if (ways.failures.length > 0) process.exitCode = 1;
    return waysTable(ways, model);
  },
  async peers(results, settings, caps) {
    installPeers();
    results.peers = await each(settings.configs, (config) => comparePeers(config, caps, settings));
    return engineTable(results.peers);
  },
  async torch(results, { configs, steps }, caps) {
    const torch = findTorch();
    if (!torch) {
      results.torch = { skipped: missingTorch };
      return missingTorch;
    }
    const rows = await each(configs, (config) => compareTorch(torch, config, caps, steps));
    results.torch = { torch, rows };
    const where = torch.gpu ? `${torch.gpu}, cuDNN ${torch.cudnn}` : 'CPU';
    return `PyTorch ${torch.version} on ${where}\n${engineTable(rows)}`;
  },
  async profile(results, { configs, trace }) {
    results.profile = {};
    const model = modelOf(results.adapter);
    for (const config of configs) results.profile[config] = await profileConfig(config, trace);
    return configs.map((config) => profileTable(config, results.profile![config]!, model)).join('\n\n');
  },
  async volumes(results, { steps }) {
    results.volumes = await withDevice((device) => measureVolumes(device, findTorch(), steps));
    return volumesTable(results.volumes);
  },
  async backbones(results, { steps }) {
    results.backbones = await withDevice((device) => measureBackbones(device, findTorch(), steps));
    return backbonesTable(results.backbones);
  },
  async store(results) {
    results.store = await measureStore();
    return storeTable(results.store);
  },
  async page(results, { steps }) {
    if (!/swiftshader/i.test(results.adapter))
      throw new Error('The page is measured on the adapter of its browser: add --adapter swiftshader.');
    // what it needs is installed for development only
    const { measurePage } = await import('./page.ts');
    results.page = await measurePage(steps);
    return pageTable(results.page);
  },
};
