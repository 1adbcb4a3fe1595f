/** @file What is drawn over the slice one looks at: true and predicted, as lines and as heatmaps; switches and words for it. */
import { defaultSigmaMm } from '../../src/data/lines.ts';
import { type Of, only } from '../../src/results/mark.ts';
import type { App } from '../app.ts';
import { checkbox, fill, h } from '../dom.ts';
import { type Layer, lineHeat, type Stroke } from '../draw.ts';
import type { ImageRequest, StudyPrediction } from '../protocol.ts';
import { Findings } from './findings.ts';
import { captions, heatOf, legendKeys, regionsOf, strokesOf, swatch } from './marks.ts';
import type { StudyModel } from './studymodel.ts';

export interface Drawn {
  readonly strokes: readonly Stroke[];
  readonly layers: readonly Layer[];
}

export class Overlay {
  readonly switches: HTMLElement;
  readonly legend = h('ul', { class: 'legend' });
  /** What the weights say, in words. */
  readonly words = h('div', { class: 'finding' });
  readonly #app: App;
  readonly #model: StudyModel;
  readonly #findings: Findings;
  readonly #predicted: HTMLLabelElement;
  readonly #on = { lines: true, heat: false, truth: true, predicted: false };

  constructor(app: App, model: StudyModel, redraw: () => void, onError: (error: unknown) => void) {
    this.#app = app;
    this.#model = model;
    this.#findings = new Findings(app, redraw, onError);
    const box = (label: string, what: 'lines' | 'heat' | 'truth' | 'predicted'): HTMLLabelElement =>
      checkbox(label, this.#on[what], (on) => {
        this.#on[what] = on;
        redraw();
      });
    this.#predicted = box('Predicted', 'predicted');
    const group = (label: string, ...boxes: HTMLElement[]): HTMLElement =>
      h('div', { class: 'toggles', role: 'group', 'aria-label': label }, boxes);
    this.switches = h(
      'div',
      { class: 'switches' },
      group('Draw as', box('Lines and regions', 'lines'), box('Heatmaps', 'heat')),
      group('Draw which', box('True', 'truth'), this.#predicted),
    );
    app.watch(({ weights, run }, before) => {
      if (weights !== before.weights || run?.best?.step !== before.run?.best?.step) redraw();
    });
  }

  /** For the slice that the model is at. */
  draw(request: ImageRequest): Drawn {
    const why = this.#impossible();
    (this.#predicted.control as HTMLInputElement).disabled = why !== null;
    const wanted = why === null && this.#on.predicted;
    const prediction = wanted ? this.#findings.get(request) : null;
    this.#say(why ?? (wanted && !prediction ? 'Predicting …' : null), prediction);
    const [slice] = prediction?.slices ?? [];
    const planes = hasLines(prediction) ? [] : this.#model.lines();
    fill(
      this.legend,
      planes.map(({ series, label }) => h('li', {}, swatch(series), `${label} plane`)),
      slice && legendKeys([slice.findings]),
    );
    return {
      strokes: this.#on.lines ? this.#strokes(prediction) : [],
      layers: this.#layers(prediction),
    };
  }

  /** Why nothing can be predicted here, in words. */
  #impossible(): string | null {
    const { weights, data } = this.#app.state;
    if (!this.#app.hello.adapter) return 'Predictions need WebGPU.';
    if (!this.#findings.possible)
      return 'Predictions can be drawn beside the truth once there are weights: train, or load some under Use.';
    const view = weights?.targetView ?? data?.targetView;
    return this.#model.current?.view === view ? null : `The weights are for ${view} images.`;
  }

  #say(text: string | null, prediction: StudyPrediction | null): void {
    const [slice] = prediction?.slices ?? [];
    fill(this.words, text && h('p', { class: 'hint' }, text), slice && captions(slice.findings));
  }

  /** What is to be drawn of a prediction, what lies beneath first. */
  get #kinds(): Of[] {
    return [
      ...(this.#on.predicted ? (['predicted'] as const) : []),
      ...(this.#on.truth ? (['truth'] as const) : []),
    ];
  }

  /** Beside a prediction of lines those it is measured by, else those of the planes one looks at. */
  #strokes(prediction: StudyPrediction | null): Stroke[] {
    const [slice] = prediction?.slices ?? [];
    const marked = this.#kinds.flatMap((of) => (slice ? strokesOf(slice.findings, of, slice.toGrid) : []));
    const own = this.#on.truth && !hasLines(prediction);
    return [
      ...marked,
      ...(own ? this.#model.lines().map((line) => ({ ...line, dashed: slice !== undefined })) : []),
    ];
  }

  #layers(prediction: StudyPrediction | null): Layer[] {
    const [slice] = prediction?.slices ?? [];
    const { lines, heat, truth } = this.#on;
    const own =
      heat && truth && !hasLines(prediction)
        ? [lineHeat(this.#model.lines(), this.#model.planeOf(this.#model.stack), defaultSigmaMm)]
        : [];
    if (!slice) return own;
    const marked = this.#kinds.flatMap((of) => [
      ...(lines ? regionsOf(slice.findings, of, prediction!.size, slice.toGrid) : []),
      ...(heat ? heatOf(slice.findings, of, prediction!.size, slice.toGrid) : []),
    ]);
    return [...own, ...marked];
  }
}

/** Whether a prediction says of its lines what is true. */
function hasLines(prediction: StudyPrediction | null): boolean {
  const marks = prediction?.slices[0]?.findings.flatMap((finding) => finding.marks) ?? [];
  return only(marks, 'line').some(({ of }) => of === 'truth');
}
