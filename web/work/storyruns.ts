/** @file The runs of the story, one after another: what is done is kept, what was cut short goes on. */
import { PlanningError } from '../../src/base/errors.ts';
import { scannedStacks } from '../../src/data/study/stackplan.ts';
import { viewName } from '../../src/data/viewnames.ts';
import { decodeWeights } from '../../src/models/weights.ts';
import { windowed } from '../../src/report/windowing.ts';
import { figureOf, type RecordedResult, recordedResults } from '../../src/results/experiment.ts';
import { planeMedians } from '../../src/results/planes.ts';
import { chosenStacks, comparedPlanes, LOOKS, usualLines } from '../../src/run/compareplanes.ts';
import { resolveConfig, type TrainConfig, trainConfigOf } from '../../src/run/config.ts';
import { evaluateRun } from '../../src/run/evaluate.ts';
import { baseConfig, pointConfig, pretrainingConfig } from '../../src/run/experiment/configs.ts';
import { gridOf, type Point } from '../../src/run/experiment/grid.ts';
import { partsOf, pointSplit } from '../../src/run/experiment/parts.ts';
import type { Experiment } from '../../src/run/experiment/settings.ts';
import { type PlannedStack, Planner } from '../../src/run/planner.ts';
import { describedBy, loadTrained } from '../../src/run/trained.ts';
import { trainWithRestarts } from '../../src/run/training.ts';
import type { Device } from '../../src/tensor/device.ts';
import type { InitialWeights } from '../../src/train/init.ts';
import { taskHeads } from '../../src/train/init.ts';
import { type RunFiles, readText, writeText } from '../../src/train/runfiles.ts';
import { weightsFile } from '../../src/train/weightsfile.ts';
import type { StoryFigure, StoryOutcome, StoryStage, StoryStudy } from '../protocol/story.ts';
import { heartStudies } from './hearts.ts';
import { BATCH } from './predict.ts';
import { type StoryData, storyData, testHearts } from './storydata.ts';

/** Its runs, each with files of its own. */
export type StoryRun = 'pretraining' | 'scratch' | 'pretrained';

export interface StoryFiles {
  readonly data: RunFiles;
  readonly runs: Readonly<Record<StoryRun, RunFiles>>;
}

export interface StoryOptions {
  readonly experiment: Experiment;
  readonly files: StoryFiles;
  /** A device that is not lost. */
  readonly openDevice: () => Promise<Device>;
  /** Called as work goes on; may throw to stop. */
  readonly onProgress: (stage: StoryStage, done: number, total: number) => void;
  readonly signal: AbortSignal;
}

/** A finished run's results, beside its weights. */
const resultsFile = 'results.json';

class Teller {
  readonly #options: StoryOptions;

  constructor(options: StoryOptions) {
    this.#options = options;
  }

  /** Null where it was stopped. */
  async tell(): Promise<StoryOutcome | null> {
    const { experiment, files, onProgress } = this.#options;
    const data = await storyData(files.data, experiment, (done, total) => onProgress('hearts', done, total));
    const { pretrainings, points } = gridOf(experiment, null);
    const config = trainConfigOf(pretrainingConfig(experiment, pretrainings[0]!));
    if (!(await this.#run('pretraining', config, data.unlabelled, null))) return null;
    const results: Partial<Record<StoryRun, RecordedResult[]>> = {};
    for (const point of points) {
      const run = point.pretraining ? 'pretrained' : 'scratch';
      const own = await this.#point(run, point, data);
      if (!own) return null;
      results[run] = own;
    }
    const planned = await this.#plan(config, data);
    return { figures: figuresOf(results.scratch!, results.pretrained!), ...planned };
  }

  async #point(run: StoryRun, point: Point, { labelled }: StoryData): Promise<RecordedResult[] | null> {
    const { experiment } = this.#options;
    const { model, size, spacingMm } = baseConfig(experiment);
    const subjects = pointSplit(partsOf(labelled, experiment)[0]!, point, experiment.subjects.validation);
    const init = point.pretraining ? await this.#pretrained() : null;
    const own = {
      ...pointConfig(experiment, point),
      model,
      size,
      spacingMm,
      subjects,
      init: init?.file ?? null,
    };
    return this.#run(run, trainConfigOf(resolveConfig(own)), labelled, init);
  }

  /** The weights that fine-tuning begins with. */
  async #pretrained(): Promise<InitialWeights> {
    const bytes = await this.#options.files.runs.pretraining.read(weightsFile);
    const { state, metadata } = decodeWeights(bytes!, weightsFile);
    return { file: weightsFile, state, heads: taskHeads(describedBy(metadata, weightsFile)!.plan) };
  }

  async #load() {
    const { files, openDevice } = this.#options;
    const bytes = await files.runs.pretraining.read(weightsFile);
    return loadTrained(await openDevice(), bytes!, files.runs.pretraining.describe(weightsFile));
  }

  /** Trains and evaluates, unless that is done; null where it was stopped. */
  async #run(
    run: StoryRun,
    config: TrainConfig,
    data: StoryData['labelled'],
    init: InitialWeights | null,
  ): Promise<RecordedResult[] | null> {
    const { files, openDevice, onProgress, signal } = this.#options;
    const own = files.runs[run];
    const done = await readText(own, resultsFile);
    if (done !== null) return JSON.parse(done) as RecordedResult[];
    onProgress(run, 0, config.steps);
    const { stopped, split } = await trainWithRestarts({
      ...{ openDevice, data, config, files: own, init, signal, resume: true },
      onProgress(event) {
        if (event.kind === 'steps') onProgress(run, event.metrics.step, config.steps);
      },
    });
    if (stopped || signal.aborted) return null;
    const evaluation = await evaluateRun(await openDevice(), data, split, own, { batch: config.batch });
    const results = recordedResults(evaluation);
    await writeText(own, resultsFile, JSON.stringify(results));
    return results;
  }

  /** On the test hearts' stacks, with the pretraining's network. */
  async #plan(config: TrainConfig, { unlabelled }: StoryData): Promise<Omit<StoryOutcome, 'figures'>> {
    const { experiment, onProgress } = this.#options;
    const trained = await this.#load();
    try {
      const { scan, read } = heartStudies(testHearts(experiment));
      const usual = usualLines(config, unlabelled);
      const planner = new Planner(trained, 'weights', { batch: BATCH, turns: LOOKS, usual, readImage: read });
      const { plan, stacks } = scannedStacks(scan, {
        planned: planner.views,
        targetView: planner.targetView,
      });
      const planned: PlannedStack[] = [];
      for (const [i, stack] of stacks.entries()) {
        onProgress('planes', i, stacks.length);
        try {
          planned.push(await planner.plan(stack, plan));
        } catch (error) {
          if (!(error instanceof PlanningError)) throw error;
        }
      }
      const studies: StoryStudy[] = [];
      for (const { own, place } of chosenStacks(planned)) studies.push(await studyOf(own, place, read));
      const compared = comparedPlanes(planned);
      const all = stacks.reduce((sum, { real }) => sum + real.size, 0);
      return { planes: planeMedians(compared), refused: all - compared.length, studies };
    } finally {
      trained.network.dispose();
    }
  }
}

async function studyOf(
  { stack, views }: PlannedStack,
  place: string,
  read: ReturnType<typeof heartStudies>['read'],
): Promise<StoryStudy> {
  const { image } = stack.slices[Math.floor(stack.slices.length / 2)]![0]!;
  const { values } = await read(image);
  return {
    ...{ subject: stack.subject, place },
    slice: { plane: image.header.plane, grey: [...windowed(values)] },
    views: views.flatMap(({ view, image: planned, real }) =>
      real
        ? [
            {
              ...{ view: viewName(view), real: real.plane, planned },
              ...{ angleDeg: real.angleDeg, distanceMm: real.distanceMm },
            },
          ]
        : [],
    ),
  };
}

/** What is read first of both. */
function figuresOf(scratch: readonly RecordedResult[], pretrained: readonly RecordedResult[]): StoryFigure[] {
  return scratch
    .filter(({ detail }) => !detail)
    .map(({ key, title, unit, digits }) => ({
      ...{ key, title, unit, digits },
      scratch: figureOf({ results: scratch }, key),
      pretrained: figureOf({ results: pretrained }, key),
    }));
}

/** Does what is left of the story; null where it was stopped, to go on later. */
export const tellStory = (options: StoryOptions): Promise<StoryOutcome | null> => new Teller(options).tell();
