/** @file A run as it is shown: numbers, curves, and predictions on held-out slices while it trains. */
import type { StepMetrics, ValidationMetrics } from '../../src/results/losses.ts';
import { lossColumn } from '../../src/results/losses.ts';
import type { App } from '../app.ts';
import { count, fill, h, megabytes, plural } from '../dom.ts';
import { windowedImage } from '../draw.ts';
import { stepShown } from '../protocol/training.ts';
import type { Events, PreviewItem, RunInfo } from '../protocol.ts';
import { Curve, curveLegend } from './curves.ts';
import { legend } from './marks.ts';
import { sliceCard } from './slices.ts';

/** Between two drawings of the curves. */
const DRAW_MS = 500;

/** 75 s → 1 min 15 s. */
function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

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

/** Records come in as they are logged. */
export class RunView {
  readonly element: HTMLElement;
  readonly #app: App;
  readonly #tiles = new Tiles();
  readonly #bar = h('progress', { 'aria-label': 'Steps done', max: 1, value: 0 });
  readonly #curves: readonly { readonly curve: Curve; readonly task: string | null }[];
  readonly #graphs: HTMLElement;
  readonly #held = h('div', { class: 'held', hidden: true });
  #metrics: StepMetrics[];
  #validation: ValidationMetrics[];
  #due = 0;
  /** Nothing is drawn behind another panel. */
  #visible = false;

  constructor(app: App) {
    this.#app = app;
    this.#metrics = [...app.hello.metrics];
    this.#validation = [...app.hello.validation];
    this.#curves = [
      { curve: new Curve('Loss', 'loss'), task: null },
      ...app.hello.tasks.map(({ name, title }) => ({
        curve: new Curve(`${title} loss`, lossColumn(name)),
        task: name,
      })),
    ];
    const curves = this.#curves.map(({ curve }) => curve.element);
    this.#graphs = h('div', {}, curveLegend(), h('div', { class: 'curves' }, curves));
    this.element = h('div', {}, this.#tiles.element, this.#bar, this.#graphs, this.#held);
    app.client.on('begin', (step) => this.begin(step));
    app.client.on('metrics', (rows) => this.#add(rows));
    app.client.on('validation', (rows) => this.#validated(rows));
    app.client.on('pace', (pace) => this.#pace(pace));
    app.client.on('preview', (preview) => this.#preview(preview));
    app.onOpen((tab) => {
      this.#visible = tab === 'train';
      this.#draw();
    });
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

  /** Another run's records. */
  load(metrics: readonly StepMetrics[], validation: readonly ValidationMetrics[]): void {
    this.#metrics = [...metrics];
    this.#validation = [...validation];
    this.#tiles.clear();
    this.#held.hidden = true;
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
    this.#step(stepShown(run, this.#metrics.at(-1)?.step ?? 0), run.form.steps);
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
    if (last) this.#tiles.set('Loss', last.loss?.toPrecision(3) ?? '–');
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

  #preview({ step, heldOut, items }: Events['preview']): void {
    this.#held.hidden = false;
    fill(
      this.#held,
      h('h3', {}, `${heldOut ? 'Held-out slices' : 'Slices trained on'} after ${plural(step, 'step')}`),
      legend(items.map(({ findings }) => findings)),
      h('div', { class: 'slices' }, items.map(previewCard)),
    );
  }

  /** At most a few times a second, however fast the steps are. */
  #drawSoon(): void {
    if (this.#visible) this.#due ||= window.setTimeout(() => this.#draw(), DRAW_MS);
  }

  #draw(): void {
    clearTimeout(this.#due);
    this.#due = 0;
    if (!this.#visible) return;
    this.#graphs.hidden = this.#metrics.length < 2;
    for (const { curve } of this.#curves)
      if (!this.#graphs.hidden && !curve.element.hidden) curve.show(this.#metrics, this.#validation);
    const last = this.#metrics.at(-1);
    if (last) this.#tiles.set('Loss', last.loss?.toPrecision(3) ?? '–');
  }
}

function previewCard({ caption, size, grey, findings }: PreviewItem): HTMLElement {
  const image = windowedImage(grey, size, size, 0, 255);
  return sliceCard({ caption, image, spacingMm: [1, 1], findings, size });
}
