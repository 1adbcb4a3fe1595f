/** @file The Train panel: settings, start, pause, resume and stop; curves, pace and predictions while it runs. */

import type { TaskName } from '../../src/tasks/task.ts';
import type { StepMetrics, ValidationMetrics } from '../../src/train/runlog.ts';
import type { App } from '../app.ts';
import { action, card, count, fill, h, megabytes, Notice, plural } from '../dom.ts';
import { windowedImage } from '../draw.ts';
import type { DataInfo, Events, PreviewItem, RunInfo } from '../protocol.ts';
import { Curve, curveLegend } from './curves.ts';
import { type RunForm, runForm } from './runform.ts';
import { legend, sliceCard } from './slices.ts';

/** Below this, a tenth of the subjects rounds to none. */
const FEWEST = 5;

/** 75 s → 1 min 15 s. */
function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

const states: Readonly<Record<RunInfo['state'], string>> = {
  running: 'Training',
  paused: 'Paused',
  finished: 'Finished',
  failed: 'Stopped by an error',
};

const tileNames = ['Step', 'Loss', 'Images per second', 'Time left', 'Memory', 'Best validation'] as const;
type TileName = (typeof tileNames)[number];

/** Numbers of the run, each under its name. */
class Tiles {
  readonly #values = new Map(tileNames.map((name) => [name, h('dd', {}, '–')]));
  readonly element = h(
    'dl',
    { class: 'tiles' },
    [...this.#values].map(([name, value]) => h('div', {}, h('dt', {}, name), value)),
  );

  set(name: TileName, text: string): void {
    this.#values.get(name)!.textContent = text;
  }

  clear(): void {
    for (const name of tileNames) this.set(name, '–');
  }
}

/** A run as it is shown; records come in as they are logged. */
class RunView {
  readonly element: HTMLElement;
  readonly #app: App;
  readonly #tiles = new Tiles();
  readonly #bar = h('progress', { 'aria-label': 'Steps done', max: 1, value: 0 });
  readonly #curves: readonly { readonly curve: Curve; readonly task: TaskName | null }[];
  readonly #graphs: HTMLElement;
  readonly #slices = h('div', { class: 'slices' });
  readonly #slicesTitle = h('h3', {}, 'Predictions');
  readonly #held: HTMLElement;
  #metrics: StepMetrics[];
  #validation: ValidationMetrics[];
  #due = 0;

  constructor(app: App) {
    this.#app = app;
    this.#metrics = [...app.hello.metrics];
    this.#validation = [...app.hello.validation];
    const tasks = Object.entries(app.hello.tasks) as [TaskName, { title: string }][];
    this.#curves = [
      { curve: new Curve('Loss', 'loss'), task: null },
      ...tasks.map(([name, { title }]) => ({
        curve: new Curve(`${title} loss`, `${name}Loss` as const),
        task: name,
      })),
    ];
    const views = app.state.data?.referenceViews ?? [];
    this.#held = h('div', { hidden: true }, this.#slicesTitle, legend(views, 'both'), this.#slices);
    const curves = this.#curves.map(({ curve }) => curve.element);
    this.#graphs = h('div', {}, curveLegend(), h('div', { class: 'curves' }, curves));
    this.element = h('div', {}, this.#tiles.element, this.#bar, this.#graphs, this.#held);
    app.client.on('begin', (step) => this.begin(step));
    app.client.on('metrics', (rows) => this.#add(rows));
    app.client.on('validation', (rows) => this.#validated(rows));
    app.client.on('pace', (pace) => this.#pace(pace));
    app.client.on('preview', (preview) => this.#preview(preview));
    this.#draw();
  }

  /** A new run begins with empty curves; a resumed one goes on from its checkpoint. */
  begin(from: number): void {
    this.#metrics = this.#metrics.filter(({ step }) => step <= from);
    this.#validation = this.#validation.filter(({ step }) => step <= from);
    if (from === 0) {
      this.#tiles.clear();
      this.#held.hidden = true;
    }
    this.#draw();
  }

  /** Whether there is a step to show. */
  get started(): boolean {
    return this.#metrics.length > 0;
  }

  /** What is known of a run that is not training now. */
  show(run: RunInfo | null): void {
    this.element.hidden = !run;
    if (!run) return;
    const step = Math.max(run.step, this.#metrics.at(-1)?.step ?? 0);
    this.#step(run.state === 'running' ? step : run.step || step, run.form.steps);
    if (run.best)
      this.#tiles.set('Best validation', `${run.best.loss.toPrecision(3)}, step ${run.best.step}`);
    if (run.state !== 'running') this.#tiles.set('Time left', '–');
    for (const { curve, task } of this.#curves)
      curve.element.hidden = task === null ? run.form.tasks.length < 2 : !run.form.tasks.includes(task);
    this.#draw();
  }

  #step(step: number, steps: number): void {
    this.#tiles.set('Step', `${count(step)} of ${count(steps)}`);
    this.#bar.max = steps;
    this.#bar.value = step;
  }

  #add(rows: readonly StepMetrics[]): void {
    this.#metrics.push(...rows);
    const last = rows.at(-1);
    if (last) this.#tiles.set('Loss', last.loss.toPrecision(3));
    this.#drawSoon();
  }

  #validated(rows: readonly ValidationMetrics[]): void {
    this.#validation.push(...rows);
    this.#drawSoon();
  }

  #pace({ step, imagesPerSecond, etaSeconds, liveBytes, peakBytes }: Events['pace']): void {
    this.#step(step, this.#app.state.run?.form.steps ?? step);
    this.#tiles.set('Images per second', imagesPerSecond.toPrecision(3));
    this.#tiles.set('Time left', duration(etaSeconds));
    this.#tiles.set('Memory', `${megabytes(liveBytes)}, peak ${megabytes(peakBytes)}`);
  }

  #preview({ step, items }: Events['preview']): void {
    this.#held.hidden = false;
    this.#slicesTitle.textContent = `Held-out slices after ${plural(step, 'step')}`;
    const views = this.#app.state.data?.referenceViews ?? [];
    this.#held.children[1]!.replaceWith(legend(items[0]?.predicted.length ? views : [], 'both'));
    fill(this.#slices, items.map(previewCard));
  }

  /** At most a few times a second, however fast the steps are. */
  #drawSoon(): void {
    if (this.#due) return;
    this.#due = window.setTimeout(() => this.#draw(), 250);
  }

  #draw(): void {
    clearTimeout(this.#due);
    this.#due = 0;
    this.#graphs.hidden = this.#metrics.length < 2;
    for (const { curve } of this.#curves)
      if (!this.#graphs.hidden && !curve.element.hidden) curve.show(this.#metrics, this.#validation);
    const last = this.#metrics.at(-1);
    if (last) this.#tiles.set('Loss', last.loss.toPrecision(3));
  }
}

function previewCard({ subject, caption, size, grey, truth, predicted, location }: PreviewItem): HTMLElement {
  return sliceCard({
    caption: `${subject}, ${caption}`,
    image: windowedImage(grey, size, size, 0, 255),
    spacingMm: [1, 1],
    predicted,
    truth,
    location,
  });
}

interface Controls {
  readonly element: HTMLElement;
  show(run: RunInfo | null, hasData: boolean): void;
}

function controls(app: App, form: RunForm, view: RunView, notice: Notice): Controls {
  const train = async (resume: boolean): Promise<void> => {
    const { run } = app.state;
    const chosen = resume && run ? run.form : form.read();
    view.begin(resume && run ? run.step : 0);
    await app.client.request('train', { form: chosen, resume });
  };
  const begin = (resume: boolean) => () => {
    train(resume).catch((error) => {
      // a run that fails says so itself
      if (error.message !== app.state.run?.message) notice.fail(error);
    });
  };
  const smaller = action(
    'Try',
    notice,
    () => {
      form.write({ ...form.read(), batch: app.state.run?.smallerBatch ?? form.read().batch });
      begin(false)();
    },
    'primary',
  );
  const start = action('Start', notice, begin(false), 'primary');
  const resume = action('Resume', notice, begin(true), 'primary');
  const pause = action('Pause', notice, () => app.client.request('pause', null));
  const stop = action('Stop', notice, () => app.client.request('stop', null));
  const results = action('Use the weights', notice, () => app.openTab('use'));
  return {
    element: h('div', { class: 'actions' }, smaller, start, resume, pause, stop, results),
    show: (run, hasData) => {
      const state = run?.state;
      const going = state === 'running';
      const halted = state === 'paused' || (state === 'failed' && run!.step > 0);
      const batch = state === 'failed' ? run?.smallerBatch : undefined;
      smaller.hidden = batch === undefined || !hasData;
      smaller.textContent = `Start with a batch of ${count(batch ?? 0)}`;
      start.hidden = going || !hasData;
      start.textContent = run ? 'Start a new run' : 'Start';
      start.className = halted || batch ? 'plain' : 'primary';
      resume.hidden = !halted || !hasData;
      resume.textContent = `Resume from step ${count(run?.step ?? 0)}`;
      pause.hidden = !going;
      stop.hidden = !going && state !== 'paused';
      results.hidden = !run?.hasWeights || going;
    },
  };
}

export function trainPanel(app: App): HTMLElement {
  const notice = new Notice();
  const form = runForm(app);
  const view = new RunView(app);
  const buttons = controls(app, form, view, notice);
  const status = h('p', { class: 'strong', role: 'status' });
  const source = h('p', { class: 'hint' });
  const empty = h('p', {}, 'There is no data yet. ', goTo(app));
  const tellState = (): void => {
    const { run } = app.state;
    const words = run ? stateWords(run, view.started) : '';
    // Read out when it changes, so not set anew each step.
    if (status.textContent !== words) status.textContent = words;
  };
  app.client.on('warning', (text) => notice.show(text, 'info'));
  if (app.state.run) form.write(app.state.run.form);
  app.watch(({ data, run }, before) => {
    if (data !== before.data && data && !run) form.write(presetFor(app, data.size));
    form.disable(run?.state === 'running');
    buttons.show(run, data !== null);
    empty.hidden = data !== null;
    source.textContent = data ? sourceWords(data) : '';
    view.show(run);
    tellState();
  });
  app.client.on('metrics', tellState);
  const begun = h(
    'p',
    { class: 'hint' },
    'Curves, pace and predictions on held-out slices appear here once a training runs.',
  );
  const background = h('p', { class: 'hint' });
  app.watch(({ run }) => {
    begun.hidden = run !== null;
    background.hidden = run?.state !== 'running';
    const kept = run?.step ? `step ${count(run.step)}` : 'its start';
    background.textContent = `It goes on while this tab is in the background. If the tab is closed, it can be resumed from ${kept}.`;
  });
  return h(
    'div',
    { class: 'layout narrow' },
    card('Training', empty, source, form.element, buttons.element, notice.element),
    card('Run', status, begun, background, view.element),
  );
}

function stateWords({ state, message }: RunInfo, started: boolean): string {
  if (state === 'running' && !started) return 'Starting: the network’s shaders are compiled.';
  return `${states[state]}${message ? `: ${message}` : ''}`;
}

/** What a training would be on. */
function sourceWords({ name, images, size, subjects }: DataInfo): string {
  const few =
    subjects.length < FEWEST ? ' With so few subjects none is held out: the last weights are kept.' : '';
  return `On ${name}: ${count(images)} images of ${size} px.${few}`;
}

/** The preset whose grid the data was prepared for. */
function presetFor(app: App, size: number) {
  const all = Object.values(app.hello.presets);
  return (all.find(({ grid }) => grid.size === size) ?? all[0]!).form;
}

function goTo(app: App): HTMLElement {
  const link = h('button', { type: 'button', class: 'link' }, 'Make hearts or open a folder.');
  link.addEventListener('click', () => app.openTab('data'));
  return link;
}
