/** @file `planewise devices`: every way to get a device here, which one is taken, and why. */
import { type Command, Option } from 'commander';
import { type AdapterChoice, type Candidate, listCandidates } from '../tensor/device.node.ts';
import { note, printJson, printTable } from './output.ts';

interface DevicesOptions {
  readonly json?: boolean;
  readonly adapter?: AdapterChoice;
}

const columns = [
  { title: 'USED', cell: (row: Candidate) => (row.taken ? 'yes' : 'no') },
  { title: 'CHOICE', cell: (row: Candidate) => row.choice },
  { title: 'ADAPTER', cell: (row: Candidate) => row.adapter },
  { title: 'F16', cell: (row: Candidate) => (row.adapter ? (row.f16 ? 'yes' : 'no') : null) },
  { title: 'WHY', cell: (row: Candidate) => row.reason },
];

async function devices({ json, adapter }: DevicesOptions): Promise<void> {
  const candidates = await listCandidates(adapter);
  if (json) return printJson(candidates);
  printTable(columns, candidates);
  const taken = candidates.find((candidate) => candidate.taken);
  if (!taken) note('No device can be opened. Drop the choice of adapter, or install a Vulkan driver.');
  else if (taken.software)
    note('This is a software adapter: right results, slowly. A GPU needs its Vulkan driver installed.');
}

export function addDevices(program: Command): void {
  program
    .command('devices')
    .description('list the adapters found, which one is used, and why')
    .addOption(
      new Option('--adapter <choice>', 'as if this one were asked for').choices([
        'gpu',
        'system',
        'swiftshader',
      ]),
    )
    .option('--json', 'print JSON')
    .action(devices);
}
