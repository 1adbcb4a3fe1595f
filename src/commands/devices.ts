/** @file `planewise devices`: every way to get a device here, which one is taken, and why. */
import type { Command } from 'commander';
import { listed } from '../base/words.ts';
import { type Candidate, listCandidates, probeSystem } from '../tensor/candidates.node.ts';
import { adapterNames } from '../tensor/dawn.node.ts';
import type { AdapterChoice } from '../tensor/environment.node.ts';
import type { Probe } from '../tensor/probes.node.ts';
import { adapterOption, addExample } from './help.ts';
import { note, printJson, printTable } from './output.ts';

interface DevicesOptions {
  readonly json?: boolean;
  readonly probes?: boolean;
  readonly adapter?: AdapterChoice;
}

const columns = [
  { title: 'USED', cell: (row: Candidate) => (row.taken ? 'yes' : 'no') },
  { title: 'CHOICE', cell: (row: Candidate) => row.choice },
  { title: 'ADAPTER', cell: (row: Candidate) => row.adapter },
  { title: 'F16', cell: (row: Candidate) => (row.adapter ? (row.f16 ? 'yes' : 'no') : null) },
  { title: 'WHY', cell: (row: Candidate) => row.reason },
];

const probeColumns = [
  { title: 'LOOKED AT', cell: (row: Probe) => row.probe },
  { title: 'FOUND', cell: (row: Probe) => row.finding },
  { title: 'WHAT TO DO', cell: (row: Probe) => row.fix },
];

async function devices({ json, probes = false, adapter }: DevicesOptions): Promise<void> {
  const candidates = await listCandidates(adapter);
  if (json) return printJson(probes ? probeSystem() : candidates);
  printTable(columns, candidates);
  const names = await adapterNames();
  if (names.length > 1)
    note(`The system's drivers have ${listed(names)}; PLANEWISE_GPU=<part of a name> takes one of them.`);
  const taken = candidates.find((candidate) => candidate.taken);
  const hasGpu = candidates.some(({ choice, adapter: name }) => choice === 'gpu' && name !== null);
  const looked = probes || !hasGpu ? probeSystem() : [];
  if (looked.length > 0) {
    note('');
    printTable(probeColumns, looked);
    note('');
  }
  if (!taken) note('No device can be opened. Drop the choice of adapter, or install a Vulkan driver.');
  else if (taken.software)
    note('This is a software adapter: right results, slowly. A GPU needs its Vulkan driver installed.');
}

export function addDevices(program: Command): void {
  addExample(program.command('devices'), 'devices --probes')
    .description('list the adapters found, which one is used, and why')
    .addOption(adapterOption('as if this one were asked for'))
    .option(
      '--probes',
      'what lies between this program and a GPU on Linux, and what to do; shown by itself where no GPU is found',
    )
    .option('--json', 'print JSON: the adapters, or with --probes these')
    .action(devices);
}
