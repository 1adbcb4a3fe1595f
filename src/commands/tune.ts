/** @file `planewise tune`: times the kernel variants that fit a training's steps, and keeps the fastest for later runs. */

import type { Command } from 'commander';
import type { KnownWinners, Winner } from '../autograd/tune.ts';
import { plural } from '../base/words.ts';
import { expectWritable } from '../data/files/files.node.ts';
import type { GroupNames } from '../data/groups.ts';
import { cacheFiles } from '../run/cache.node.ts';
import { type RunConfig, resolveConfig, trainConfigOf } from '../run/config.ts';
import { openProgramDevice } from '../run/device.node.ts';
import { pretraining } from '../run/job.ts';
import { adapterLine } from '../run/jobconsole.node.ts';
import { planRun } from '../run/plan.ts';
import type { Device } from '../tensor/device.ts';
import { type Progress, startProgress } from '../train/progress.ts';
import { Trainer } from '../train/trainer.ts';
import { loadWinners, saveWinners, winnersFile } from '../train/winners.ts';
import { addConfigOptions, givenBy, type Values } from './config.ts';
import { addExample } from './help.ts';
import { note, parseSeconds, printJson, printTable } from './output.ts';

interface TuneValues {
  readonly seconds: number;
  readonly anew?: boolean;
  readonly json?: boolean;
}

/** Their numbers decide the network's last layers. */
const referenceViews = ['2-chamber', '4-chamber'];
const classes = ['background', 'right ventricle', 'myocardium', 'left ventricle'];
const groups = ['DCM', 'HCM', 'MINF', 'NOR', 'RV'];

/** As many groups of every label that is asked for. */
function groupNames({ tasks }: RunConfig): GroupNames {
  const labels = Object.values(tasks).flatMap(({ label }) => (typeof label === 'string' ? [label] : []));
  return Object.fromEntries(labels.map((label) => [label, groups]));
}

async function winnersOn(
  device: Device,
  config: RunConfig,
  seconds: number,
  known: KnownWinners,
): Promise<Winner[]> {
  const { size, spacingMm } = config;
  const plan = planRun(config, {
    ...{ size, spacingMm, targetView: '', referenceViews, classes },
    groupNames: groupNames(config),
  });
  const trainer = new Trainer(device, trainConfigOf(config), plan, size);
  let progress: Progress | undefined;
  try {
    return await trainer.tune({
      limitMs: 1000 * seconds,
      known,
      onProgress(done, total, title) {
        progress ??= startProgress('tuning', total);
        progress.update(done, title);
      },
    });
  } finally {
    progress?.end();
    trainer.dispose();
  }
}

const short = (ms: number | null): number | null => (ms === null ? null : Number(ms.toPrecision(3)));

/** The dearest first; those that there was no time for last. */
function print(winners: readonly Winner[]): void {
  const cost = ({ uses, ms }: Winner): number => (ms === null ? -1 : uses * ms);
  printTable(
    [
      { title: 'PROBLEM', cell: ({ title }: Winner) => title },
      { title: 'USES', cell: ({ uses }) => uses },
      { title: 'IN ORDER', cell: ({ ordered }) => ordered },
      { title: 'MS', cell: ({ orderedMs }) => short(orderedMs) },
      { title: 'CHOSEN', cell: ({ chosen }) => chosen },
      { title: 'MS', cell: ({ ms }) => short(ms) },
      { title: 'RATIO', cell: ({ ms, orderedMs }) => ms && orderedMs && short(ms / orderedMs) },
    ],
    [...winners].sort((a, b) => cost(b) - cost(a)),
  );
}

/** What there was no time for, and how much of a step it is. */
function openText(winners: readonly Winner[]): string | undefined {
  const open = winners.filter(({ complete }) => !complete);
  if (open.length === 0) return undefined;
  const share = open.reduce((sum, one) => sum + one.share, 0);
  const [title] = open.sort((a, b) => b.share - a.share).map((one) => one.title);
  return `Not all variants of ${plural(open.length, 'problem')} were timed, the largest ${title}: about ${(100 * share).toFixed(0)} % of a step, as their sizes let expect. The next planewise tune goes on with them.`;
}

async function run({ seconds, anew, json, ...rest }: TuneValues): Promise<void> {
  const config = resolveConfig(await givenBy(rest as Values));
  const files = cacheFiles();
  const kept = files.describe(winnersFile);
  await expectWritable(kept);
  const device = await openProgramDevice({ ...config, say: note });
  try {
    note(adapterLine(device));
    const warn = (message: string): void => note(`warning: ${message}`);
    const known = anew ? {} : await loadWinners(files, device, warn);
    const winners = await winnersOn(device, config, seconds, known);
    let lost = false;
    await saveWinners(files, device, winners, (message) => {
      lost = true;
      warn(message);
    });
    if (json) printJson(winners);
    else print(winners);
    const open = openText(winners);
    if (open) note(open);
    if (!lost) note(`Kept in ${kept}; pretrain --tune uses them.`);
  } finally {
    device.dispose();
  }
}

export function addTune(program: Command): void {
  const command = program
    .command('tune')
    .description('time the kernel variants that fit a training, and keep the fastest for pretrain --tune');
  addConfigOptions(command, pretraining, ['preset', 'batch', 'model.width', 'size', 'adapter']);
  addExample(command, 'tune --preset zhang2024 --seconds 300');
  command
    .option('--seconds <limit>', 'begin no measurement that is expected to end later', parseSeconds, 60)
    .option('--anew', 'measure what is known of this adapter, too')
    .option('--json', 'print JSON')
    .action(run);
}
