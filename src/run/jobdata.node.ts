/** @file A job's data: opened or prepared, told of, and with the subjects that its configuration names under the names they have there. */
import { changedParts, type Split } from '../data/split.ts';
import type { PreparedManifest, TrainingData } from '../data/types.ts';
import { namedSubjects } from '../train/dataset.ts';
import { mirroredHeads } from '../train/mirror.ts';
import type { RunConfig } from './config.ts';
import { dataLine, gridLine, subjectLines, turnedLine } from './datalines.ts';
import { type DataOptions, isStore, openRunData } from './dataset.node.ts';
import { namesInData, namesLine, revealedText } from './identifiers.node.ts';
import { planRun } from './plan.ts';
import { settingLines } from './settinglines.ts';

export interface JobData {
  readonly data: TrainingData;
  /** Its subjects go by the names that the data have. */
  readonly config: RunConfig;
}

interface JobDataOptions extends DataOptions {
  readonly say: (line: string) => void;
  readonly resume: boolean;
  /** The file that names the subjects, where one does. */
  readonly splitFile?: string | undefined;
}

async function named(split: Split, manifest: PreparedManifest): Promise<Split> {
  const name = await namesInData(manifest);
  return changedParts(split, (names) => names.map(name));
}

/** @throws ConfigError where the data lack what is asked of them, or whom; as `openRunData` */
export async function openJobData(given: RunConfig, options: JobDataOptions): Promise<JobData> {
  const { say, resume, splitFile } = options;
  const data = await openRunData(given, resume, options);
  const names = await namesLine(data.manifest);
  if (names) say(names);
  const subjects = given.subjects && (await named(given.subjects, data.manifest));
  if (subjects) namedSubjects(data, subjects, splitFile);
  const config = { ...given, subjects };
  say(dataLine(data));
  const grid = config.data !== null && isStore(config.data) ? gridLine(data.manifest, config) : null;
  if (grid) say(grid);
  const turned = turnedLine(data.manifest);
  if (turned) say(turned);
  for (const line of subjectLines(data, config)) say(await revealedText(line));
  // before minutes of training, rather than after
  const plan = planRun(config, data.manifest);
  if (config.mirror) mirroredHeads(plan.tasks);
  for (const line of settingLines(config, plan)) say(line);
  return { data, config };
}
