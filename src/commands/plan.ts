/** @file `planewise plan`: the planes of other views from a stack of slices alone, as JSON and as DICOM images. */
import type { Command } from 'commander';
import { ConfigError } from '../base/errors.ts';
import { plural } from '../base/words.ts';
import { listFiles, writeFiles } from '../data/files/files.node.ts';
import { lockFolder, whileLocked } from '../data/files/lock.node.ts';
import type { Identifiers } from '../data/identifiers/pseudonyms.ts';
import { reasonOf } from '../data/scan.ts';
import { findPlanStacks, type PlanStacks, scattered } from '../data/study/stackplan.ts';
import type { SkippedFile } from '../data/types.ts';
import { planeMedians } from '../results/planes.ts';
import { rounded } from '../results/result.ts';
import type { RunConfig } from '../run/config.ts';
import { type FolderNames, namedSubjects } from '../run/identifiers.node.ts';
import { type PlannedPixels, plainPlan, plannedFiles, withPlanner } from '../run/planner.node.ts';
import type { PlannedStack, Planner } from '../run/planner.ts';
import { planRecord, type RefusedStack, type StackFiles } from '../run/planrecord.ts';
import { startProgress } from '../train/progress.ts';
import { Option } from './commandline.ts';
import { noteNames, noteSkipped } from './findings.ts';
import { addExample, orElse } from './help.ts';
import { note, parseCount, printJson, printTable } from './output.ts';
import { planeColumns } from './planes.ts';
import { addDeviceOptions } from './predict.ts';
import { addSubjectOptions, identifiersOption, type StudyArguments, withStudyOptions } from './study.ts';
import type { Column } from './table.ts';

interface PlanArguments extends Pick<StudyArguments, 'map' | 'subjects' | 'json'> {
  readonly weights: string;
  readonly study: string;
  readonly out?: string;
  readonly pixels: PlannedPixels;
  readonly turns: number;
  readonly batch: number;
  readonly adapter?: NonNullable<RunConfig['adapter']>;
  readonly identifiers: Identifiers;
}

/** What became of a folder's stacks. */
interface Planned {
  readonly found: PlanStacks;
  readonly planned: readonly PlannedStack[];
  readonly refused: readonly RefusedStack[];
  readonly skipped: readonly SkippedFile[];
  readonly names: FolderNames;
}

async function planStacks(given: PlanArguments, planner: Planner): Promise<Planned> {
  const files = await listFiles(given.study);
  const study = { map: given.map, subjects: given.subjects, target: planner.targetView } as StudyArguments;
  const found = await withStudyOptions(given.study, study, (options) =>
    findPlanStacks(files, { ...options, planned: planner.views }),
  );
  const { items: stacks, names } = await namedSubjects(given.study, found.stacks, given.identifiers);
  const progress = startProgress('planning', stacks.length);
  const planned: PlannedStack[] = [];
  const refused: RefusedStack[] = [];
  for (const stack of stacks) {
    const { subject, stack: index } = stack;
    try {
      planned.push(await planner.plan(stack, found.plan));
    } catch (error) {
      const reason = scattered(stack, stacks) ?? reasonOf(error);
      refused.push({ subject, stack: index, reason });
    }
    progress.update(planned.length + refused.length, subject);
  }
  progress.end();
  const skipped = [...found.plan.skipped, ...planned.flatMap((own) => own.skipped)];
  return { found, planned, refused, skipped, names };
}

/** Names of folders: letters, digits and what harms no file system. */
const safe = (text: string): string => text.replace(/[^\p{L}\p{N}._-]+/gu, '_').replace(/^\.+/, '_');

/** Where the images of a stack go, below the folder that was asked for. */
const folderOf = ({ stack: { subject, stack } }: PlannedStack): string =>
  stack === 0 ? safe(subject) : `${safe(subject)}_${stack + 1}`;

async function writePlanned(
  { planned, names }: Planned,
  { out, pixels }: PlanArguments,
): Promise<ReadonlyMap<PlannedStack, StackFiles>> {
  const written = new Map<PlannedStack, StackFiles>();
  if (out === undefined) return written;
  for (const own of planned) {
    const files = (await plannedFiles(own, pixels, names.identifiers === 'pseudonyms')).map(
      ({ view, bytes }) => ({
        view,
        file: `${folderOf(own)}/${safe(view)}.dcm`,
        bytes,
      }),
    );
    await writeFiles(files.map(({ file, bytes }) => ({ path: `${out}/${file}`, bytes })));
    written.set(own, new Map(files.map(({ view, file }) => [view, file])));
  }
  return written;
}

interface Row {
  readonly own: PlannedStack;
  readonly view: PlannedStack['views'][number];
}

const columns: readonly Column<Row>[] = [
  { title: 'SUBJECT', cell: ({ own }) => own.stack.subject },
  { title: 'STACK', cell: ({ own }) => own.stack.stack },
  { title: 'VIEW', cell: ({ view }) => view.view },
  { title: 'SLICES', cell: ({ view: { fit } }) => fit.slices.filter(({ weight }) => weight > 0).length },
  { title: 'REFUSED', cell: ({ view: { fit } }) => fit.slices.filter(({ reason }) => reason).length },
  { title: '± (°)', cell: ({ view }) => rounded(view.uncertainty.angleDeg, 1) },
  { title: '± (mm)', cell: ({ view }) => rounded(view.uncertainty.distanceMm, 1) },
  { title: 'ERROR (°)', cell: ({ view }) => rounded(view.real?.angleDeg ?? null, 1) },
  { title: 'ERROR (mm)', cell: ({ view }) => rounded(view.real?.distanceMm ?? null, 1) },
];

function print({ found, planned, refused, skipped }: Planned): void {
  const rows = planned.flatMap((own) => own.views.map((view) => ({ own, view })));
  if (rows.length > 0) printTable(columns, rows);
  const medians = planeMedians(rows.flatMap(({ view: { view, real } }) => (real ? [{ ...real, view }] : [])));
  if (medians.length > 0) {
    note('');
    printTable(planeColumns, medians);
    note('Angle between the normals; distance of the real image’s centre from the planned plane.');
  }
  if (rows.some(({ view }) => !view.uncertainty.complete))
    note(
      '± is too small: it leaves out what all slices of a heart share, which these weights were not measured for (a run that holds out studies with the other views measures it).',
    );
  for (const { message } of found.plan.notices) note(message);
  for (const own of planned)
    for (const { reason } of own.refused) note(`${own.stack.subject}: ${reason.code}  ${reason.message}`);
  for (const { subject, reason } of refused) note(`${subject}: ${reason.code}  ${reason.message}`);
  noteSkipped(skipped);
}

async function plan(given: PlanArguments): Promise<void> {
  if (given.out === undefined) await planAndTell(given, async () => {});
  else await whileLocked(await lockFolder(given.out), (lock) => planAndTell(given, () => lock.check()));
}

/** `expectFolder` throws where `out` is no longer the folder that was locked. */
async function planAndTell(given: PlanArguments, expectFolder: () => Promise<void>): Promise<void> {
  const { weights, batch, turns, adapter, out, json = false } = given;
  const options = { batch, turns, adapter: adapter ?? null, say: note };
  const result = await withPlanner(weights, options, (planner) => planStacks(given, planner));
  await expectFolder();
  const files = await writePlanned(result, given);
  const { found, names, ...rest } = result;
  const record = planRecord(await plainPlan({ ...rest, notices: found.plan.notices, files }, names));
  if (out !== undefined && result.planned.length > 0)
    await writeFiles([
      {
        path: `${out}/plan.json`,
        bytes: new TextEncoder().encode(`${JSON.stringify(record, null, 2)}\n`),
      },
    ]);
  if (json) printJson(record);
  else print(result);
  const { planned, refused } = result;
  note(`${planned.length} of ${plural(planned.length + refused.length, 'stack')} planned`);
  noteNames(names);
  if (planned.length > 0) return;
  const { subject, reason } = refused[0]!;
  throw new ConfigError(`Nothing could be planned. ${subject}: ${reason.code}: ${reason.message}`);
}

export function addPlan(program: Command): void {
  const command = program
    .command('plan')
    .description('plan the planes of other views on stacks of slices alone, and write them as DICOM images')
    .requiredOption(
      '--weights <run>',
      'the folder of a run, its weights file, or builtin: those in the package',
    )
    .requiredOption('--study <folder>', 'a folder of DICOM files; other views in it are compared, not used')
    .option(
      '--out <folder>',
      orElse('write plan.json, and an image of each plane as <subject>/<view>.dcm', 'nothing is written'),
    )
    .addOption(
      new Option('--pixels <what>', 'what these images show: the stack resampled in the plane, or nothing')
        .choices(['stack', 'zero'])
        .default('stack'),
    )
    .option(
      '--turns <count>',
      'look at every slice in so many positions, up to 12° to each side',
      parseCount,
      5,
    );
  addExample(command, 'plan --weights runs/first --study study/ --out planned/');
  addSubjectOptions(addDeviceOptions(command)).addOption(identifiersOption()).action(plan);
}
