/** @file What a job tells whoever started it: lines of news and a progress line for training. */
import type { Winner } from '../autograd/tune.ts';
import type { TrainingData } from '../data/types.ts';
import type { StepMetrics } from '../results/losses.ts';
import { fixed } from '../results/result.ts';
import type { Device } from '../tensor/device.ts';
import type { TrainEvent, TrainResult } from '../train/events.ts';
import { initLines } from '../train/init.ts';
import type { StepFacts } from '../train/trainer.ts';
import type { RunConfig } from './config.ts';
import { costLine, timeLines } from './cost.node.ts';
import type { Stage } from './dataset.node.ts';
import { frozenLines } from './settinglines.ts';

/** How a job talks to whoever started it. */
export interface JobConsole {
  /** A line of news. */
  say(line: string): void;
  warn(line: string): void;
  startStage(label: string, total: number): Stage;
}

/** One line about the adapter in use. */
export function adapterLine({ caps }: Device): string {
  if (!caps.software) return `Adapter: ${caps.description}`;
  return `Adapter: ${caps.description}, software; a GPU would be many times faster (planewise devices says why none is used)`;
}

/** One line about the captured training step. */
function stepLine({ launches, memory }: StepFacts): string {
  const [planned, unplanned] = [memory.plannedBytes, memory.unplannedBytes].map((b) => (b / 1e6).toFixed(1));
  return `Step: ${launches} launches; intermediates ${planned} MB as planned (${unplanned} MB side by side)`;
}

/** One line about what tuning changed. */
function tunedLine(winners: readonly Winner[]): string {
  const others = winners.filter(({ chosen, ordered }) => chosen !== ordered).length;
  const open = winners.filter(({ complete }) => !complete).length;
  const rest = open > 0 ? `; time ran out before ${open} of them were done` : '';
  return `Kernel variants: ${winners.length} choices, ${others} other than the order of preference${rest}`;
}

/** Where the loss is scaled: by what, and what it cost. */
function scaleText({ lossScale, skippedSteps }: StepMetrics): string {
  return lossScale === undefined ? '' : `  scale ${lossScale}, ${skippedSteps} skipped`;
}

/** Where ranks train together: what of a step goes into sums over them. */
const sumsText = ({ communicationMs, communicationWaitMs = 0 }: StepMetrics): string =>
  communicationMs === undefined
    ? ''
    : `, ${short(communicationMs)} ms a step in sums over ranks, ${short(communicationWaitMs)} of it waited for`;

const short = (value: number): string => String(Number(value.toPrecision(3)));

/** The loss, and what the best weights are chosen by. */
function validationText({ metrics, figure }: Extract<TrainEvent, { kind: 'validation' }>): string {
  const chosen = figure ? `, ${figure.title} ${fixed(metrics.figure, figure.digits)}` : '';
  return `  validation ${short(metrics.loss)}${chosen}`;
}

/** Why a run ended before its last step; null where it did not. */
export function earlyText({ early, step, best }: TrainResult, steps: number): string | null {
  if (!early) return null;
  return `stopped at step ${step} of ${steps} for want of better validations, best at step ${best?.step ?? 'none'}`;
}

/**
 * Shows training events on a progress line that counts from the step it starts at; before it what the training costs,
 * once, though a lost device begins it anew.
 */
export function trainingProgress(
  console: JobConsole,
  config: RunConfig,
  data: TrainingData,
): {
  show: (event: TrainEvent) => void;
  end: () => void;
} {
  let stage: Stage | undefined;
  let tuning: Stage | undefined;
  let start = 0;
  let validation = '';
  let [costSaid, timeSaid] = [false, false];
  const show = (event: TrainEvent): void => {
    if (event.kind === 'warning') console.warn(event.message);
    if (event.kind === 'notice') console.say(event.message);
    if (event.kind === 'tuning') {
      tuning ??= console.startStage('tuning', event.total);
      tuning.update(event.done, event.title);
    }
    if (event.kind === 'init')
      for (const line of [...initLines(event.report), ...frozenLines(config)]) console.say(line);
    if (event.kind === 'tuned') {
      tuning?.end();
      tuning = undefined;
      console.say(tunedLine(event.winners));
    }
    if (event.kind === 'start') {
      stage?.end();
      start = event.step;
      const from = start > 0 ? ` from step ${start}` : '';
      console.say(`Network: ${event.parameters.toLocaleString('en')} parameters`);
      console.say(stepLine(event.facts));
      if (!costSaid) console.say(costLine(event, config, data));
      costSaid = true;
      stage = console.startStage(`training${from}`, event.steps - start);
    }
    if (event.kind === 'pace' && !timeSaid) {
      timeSaid = true;
      for (const line of timeLines(event, config)) console.say(line);
    }
    if (event.kind === 'validation') validation = validationText(event);
    if (event.kind !== 'steps') return;
    const { step, loss, imagesPerSecond } = event.metrics;
    const scaled = scaleText(event.metrics);
    stage?.update(
      step - start,
      `loss ${loss === null ? 'not finite' : short(loss)}${validation}${scaled}  ${short(imagesPerSecond)} images/s${sumsText(event.metrics)}`,
    );
  };
  const end = (): void => {
    tuning?.end();
    stage?.end();
  };
  return { show, end };
}
