/** @file One device of the lab: compiles in the root, and reads what came of it. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Answer, Compiled, Request as RequestInside } from './inside.ts';
import { layerEnvironment } from './layer.ts';
import { type Cost, productRound } from './loops.ts';
import { ownMounts, runInside } from './namespace.ts';
import { environmentOf } from './root.ts';
import { type Executable, executablesIn, type Figures, figuresOf } from './statistics.ts';
import { type TargetName, targets } from './targets.ts';

/** What is asked of every device. */
export type Request = Omit<RequestInside, 'card'>;

export interface Place {
  readonly root: string;
  /** With the layer and inside.js; each device gets a folder in it. */
  readonly scratch: string;
}

/** A pipeline on a device. */
export interface PipelineResult extends Compiled {
  /** Null where it was refused. */
  readonly figures: Figures | null;
  /** Of a product, where the driver's code can be counted. */
  readonly round: Cost | null;
}

export interface Compilation extends Pick<Answer, 'adapter' | 'driver' | 'caps' | 'steps' | 'skipped'> {
  readonly device: TargetName;
  readonly pipelines: readonly PipelineResult[];
}

function resultOf(job: Compiled, executable: Executable | undefined): PipelineResult {
  if (job.error || !executable)
    return { ...job, error: job.error ?? 'the driver made nothing of it', figures: null, round: null };
  const assembly = executable.code['NAK assembly'];
  return { ...job, figures: figuresOf(executable), round: assembly ? productRound(assembly) : null };
}

/** Compiles a request for a device. @throws Error with what the program in the root printed, where it failed */
export async function compileFor(device: TargetName, request: Request, place: Place): Promise<Compilation> {
  const folder = join(place.scratch, device);
  mkdirSync(folder);
  const inside: RequestInside = { ...request, card: targets[device].hardware.card };
  writeFileSync(join(folder, 'request.json'), JSON.stringify(inside));
  const at = (name: string): string => `/mnt/lab/${device}/${name}`;
  const environment = {
    ...environmentOf(place.root, targets[device]),
    ...layerEnvironment('/mnt/lab', at('driver.txt')),
  };
  const files = ['request.json', 'answer.json', 'driver.txt'].map(at);
  let printed = '';
  const ended = await runInside({
    root: place.root,
    mounts: [...ownMounts(), { from: place.scratch, as: 'lab' }],
    environment,
    command: ['/mnt/node', '/mnt/lab/inside.js', ...files],
    print: (text) => {
      printed += text;
    },
  });
  if (ended !== 0) throw new Error(`${targets[device].title} ended with ${ended}:\n${printed.trim()}`);
  const { jobs, ...answer } = JSON.parse(readFileSync(join(folder, 'answer.json'), 'utf8')) as Answer;
  const executables = executablesIn(readFileSync(join(folder, 'driver.txt'), 'utf8'));
  const pipelines = jobs.map((job, number) => resultOf(job, executables.get(number)));
  return { device, ...answer, pipelines };
}
