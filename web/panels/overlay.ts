/** @file What is drawn over the slice one looks at: true and predicted, as lines and as heatmaps; switches and words for it. */
import { defaultSigmaMm } from '../../src/train/evaluate.ts';
import type { App } from '../app.ts';
import { checkbox, fill, h } from '../dom.ts';
import { type Heat, lineHeat, type Stroke } from '../draw.ts';
import type { ImageRequest, StudyPrediction } from '../protocol.ts';
import { Findings } from './findings.ts';
import { showings, swatch } from './shows.ts';
import type { StudyModel } from './studymodel.ts';

type Truth = Pick<Stroke, 'line' | 'view'>;

export interface Drawn {
  readonly strokes: readonly Stroke[];
  readonly heats: readonly Heat[];
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
      group('Draw as', box('Lines', 'lines'), box('Heatmaps', 'heat')),
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
    const truth = this.#on.truth ? this.#truth(prediction) : [];
    fill(
      this.legend,
      this.#model.lines().map(({ view, label }) => h('li', {}, swatch(view), `${label} plane`)),
      wanted && [
        h('li', {}, h('span', { class: 'stroke' }), 'predicted'),
        this.#on.truth && h('li', {}, h('span', { class: 'stroke dashed' }), 'true'),
      ],
    );
    return {
      strokes: this.#on.lines ? this.#strokes(truth, prediction) : [],
      heats: this.#on.heat ? this.#heats(truth, prediction) : [],
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
    const [finding] = prediction?.slices ?? [];
    const captions = finding && prediction!.shows.map((shown) => showings[shown].caption(finding));
    fill(this.words, text && h('p', { class: 'hint' }, text), captions);
  }

  /** Beside a prediction the lines it is measured by, else those of the planes one looks at. */
  #truth(prediction: StudyPrediction | null): readonly Truth[] {
    const [finding] = prediction?.slices ?? [];
    if (!finding || finding.truth.length === 0) return this.#model.lines();
    return finding.truth.flatMap((line, view) => (line ? [{ line, view }] : []));
  }

  #strokes(truth: readonly Truth[], prediction: StudyPrediction | null): Stroke[] {
    const [finding] = prediction?.slices ?? [];
    const dashed = finding !== undefined;
    const predicted = finding
      ? prediction!.shows.flatMap((shown) => showings[shown].strokes({ ...finding, truth: [] }))
      : [];
    return [...predicted, ...truth.map(({ line, view }) => ({ line, view, dashed }))];
  }

  #heats(truth: readonly Truth[], prediction: StudyPrediction | null): Heat[] {
    const plane = this.#model.planeOf(this.#model.stack);
    const [finding] = prediction?.slices ?? [];
    const predicted = finding
      ? prediction!.shows.flatMap((shown) => showings[shown].heats(finding, prediction!.size))
      : [];
    const sigma = prediction?.lineSigmaMm ?? this.#app.state.weights?.lineSigmaMm ?? defaultSigmaMm;
    return [lineHeat(truth, plane, sigma, finding !== undefined), ...predicted];
  }
}
