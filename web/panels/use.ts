/** @file The Use panel: weights loaded or taken from the run, their predictions on any study, downloads. */
import type { App } from '../app.ts';
import {
  action,
  bringIntoView,
  card,
  count,
  download,
  field,
  fill,
  h,
  Notice,
  select,
  setOptions,
} from '../dom.ts';
import { windowedImage } from '../draw.ts';
import type { ImageValues, StudyInfo, StudyPrediction, WeightsSummary } from '../protocol.ts';
import { summaryTable } from './errors.ts';
import { legend } from './marks.ts';
import { ProgressBar } from './progress.ts';
import { sliceCard } from './slices.ts';
import { listSubjects } from './subjects.ts';

function facts(weights: WeightsSummary): HTMLElement {
  const { name, tells, size, spacingMm, network, parameters, steps, saw } = weights;
  const rows: [string, string][] = [
    ['Weights', name],
    ['Predicts', tells.join('; ')],
    ['Images', `${size} × ${size} px of ${spacingMm} mm`],
    ['Network', `${network}, ${count(parameters)} parameters`],
    ...(steps ? [['Trained', `${count(steps)} steps`] as [string, string]] : []),
    ...(saw ? [['Pretrained on', saw] as [string, string]] : []),
  ];
  return h(
    'dl',
    { class: 'facts' },
    rows.map(([term, value]) => [h('dt', {}, term), h('dd', {}, value)]),
  );
}

function weightsCard(app: App): HTMLElement {
  const notice = new Notice();
  const body = h('div', {});
  const input = h('input', {
    type: 'file',
    accept: '.safetensors',
    class: 'hidden-input',
    tabindex: -1,
    'aria-label': 'Weights file',
  });
  const load = action('Load a .safetensors file', notice, () => input.click());
  const own = action(
    'Use the run’s weights',
    notice,
    async () => app.set({ weights: await app.client.request('loadRunWeights', null) }),
    'primary',
  );
  const builtin = action('Use the built-in weights', notice, () => useBuiltin(app));
  input.addEventListener('change', () => {
    const file = input.files?.[0];
    input.value = '';
    if (!file) return;
    notice.clear();
    readWeights(app, file).catch((error) => notice.fail(error));
  });
  app.watch(({ weights, run }) => {
    own.hidden = !run?.hasWeights || run.state === 'running';
    fill(
      body,
      weights
        ? facts(weights)
        : h(
            'p',
            {},
            'None yet. Weights come from a run here, from planewise on the command line, or from PyTorch with the same names. The built-in ones were pretrained on synthetic hearts; no patient’s image was among them.',
          ),
      weights && !weights.described
        ? h(
            'p',
            { class: 'notice info' },
            'The file does not say how its images were prepared; size and spacing are those of the data at hand.',
          )
        : null,
    );
  });
  return card('Weights', body, h('div', { class: 'actions' }, own, load, builtin, input), notice.element);
}

/** Loads the weights that come with the page, which are fetched at the first time. */
export async function useBuiltin(app: App): Promise<void> {
  app.set({ weights: await app.client.request('loadBuiltinWeights', null) });
}

async function readWeights(app: App, file: File): Promise<void> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const weights = await app.client.request('loadWeights', { name: file.name, bytes }, [bytes.buffer]);
  app.set({ weights });
}

function downloadsCard(app: App): HTMLElement {
  const notice = new Notice();
  const progress = new ProgressBar(app);
  const weights = action('Weights (.safetensors)', notice, async () =>
    download('weights.safetensors', await app.client.request('runWeights', null), 'application/octet-stream'),
  );
  const report = action('Report (.html)', notice, async () => {
    const html = await progress.run('Evaluating held-out subjects', () => app.client.request('report', null));
    download('report.html', html, 'text/html');
  });
  const empty = h('p', {}, 'A finished run leaves its best weights and a report here.');
  const buttons = h('div', { class: 'actions' }, weights, report);
  app.watch(({ run, data }) => {
    const ready = run?.hasWeights === true && run.state !== 'running';
    empty.hidden = ready;
    buttons.hidden = !ready;
    report.hidden = !data;
  });
  return card('From the run', empty, buttons, progress.element, notice.element);
}

class Predictor {
  readonly element: HTMLElement;
  readonly #app: App;
  readonly #notice = new Notice();
  readonly #subject = select([]);
  readonly #stack = select([]);
  readonly #frame = select([]);
  readonly #result = h('div', {});
  #study: StudyInfo | null = null;
  #visible = false;

  constructor(app: App) {
    this.#app = app;
    const predict = action('Predict', this.#notice, () => this.#predict(), 'primary');
    const fields = h(
      'div',
      { class: 'fields' },
      field('Subject', this.#subject),
      field('Images', this.#stack),
      field('Phase', this.#frame),
    );
    const hint = h('p', {});
    const progress = new ProgressBar(app);
    const all = action('Save all studies (.zip)', this.#notice, async () => {
      const archive = await progress.run('Predicting', () => app.client.request('exportPredictions', null));
      download('predictions.zip', archive, 'application/zip');
    });
    const about = h(
      'p',
      { class: 'hint' },
      'All stacks of all studies in all phases, with numbers as JSON and CSV, and pictures. People go by pseudonyms.',
    );
    const buttons = h('div', { class: 'actions' }, predict, all);
    const form = h('div', { class: 'stack' }, fields, buttons, about, progress.element);
    this.element = card('Predictions', hint, form, this.#notice.element, this.#result);
    this.#subject.addEventListener('change', () => this.#openSubject());
    this.#stack.addEventListener('change', () => this.#listFrames());
    app.watch(({ data, weights }, before) => {
      if (data !== before.data || weights !== before.weights) fill(this.#result);
      if (data !== before.data) this.#study = null;
      const missing = [weights ? '' : 'weights', data ? '' : 'a study (under Data)'].filter(Boolean);
      hint.hidden = missing.length === 0;
      hint.textContent = `Predictions appear here once there are ${missing.join(' and ')}.`;
      form.hidden = missing.length > 0;
      if (this.#visible) this.#list();
    });
    app.onOpen((tab) => {
      this.#visible = tab === 'use';
      if (this.#visible) this.#list();
    });
  }

  #list(): void {
    listSubjects(this.#subject, this.#app.state);
    if (this.#app.state.data && !this.#study) this.#openSubject();
  }

  #openSubject(): void {
    this.#app.client
      .request('study', this.#subject.value)
      .then((study) => {
        this.#study = study;
        setOptions(
          this.#stack,
          study.stacks.map(({ label }, i) => ({ value: String(i), label })),
          '0',
        );
        this.#listFrames();
      })
      .catch((error) => this.#notice.fail(error));
  }

  #listFrames(): void {
    const slices = this.#study?.stacks[Number(this.#stack.value)]?.slices ?? [];
    const frames = Math.max(1, ...slices.map(({ files }) => files.length));
    setOptions(
      this.#frame,
      Array.from({ length: frames }, (_, i) => ({ value: String(i), label: String(i + 1) })),
      '0',
    );
  }

  async #predict(): Promise<void> {
    const request = {
      subject: this.#subject.value,
      stack: Number(this.#stack.value),
      frame: Number(this.#frame.value),
    };
    const { client } = this.#app;
    const prediction = await client.request('predict', { ...request, slice: null });
    const images = await Promise.all(
      prediction.slices.map(({ slice }) =>
        client.request('image', { ...request, slice, frame: this.#frameOf(slice, request.frame) }),
      ),
    );
    this.#show(prediction, images);
  }

  /** Slices may have fewer phases than the stack's fullest. */
  #frameOf(slice: number, frame: number): number {
    const files = this.#study?.stacks[Number(this.#stack.value)]?.slices[slice]?.files.length ?? 1;
    return Math.min(frame, files - 1);
  }

  #show(prediction: StudyPrediction, images: readonly ImageValues[]): void {
    const { slices, size, seconds, subject, stack } = prediction;
    const cards = slices.map(({ slice, findings, toGrid }, i) => {
      const { rows, columns, values, low, high } = images[i]!;
      return sliceCard({
        caption: `slice ${slice + 1}`,
        image: windowedImage(values, columns, rows, low, high),
        spacingMm: this.#study!.stacks[stack]!.slices[slice]!.plane.spacingMm,
        findings,
        size,
        toGrid,
      });
    });
    fill(
      this.#result,
      h('h3', {}, subject),
      summaryTable(prediction),
      legend(slices.map(({ findings }) => findings)),
      h('div', { class: 'slices' }, cards),
      h('p', { class: 'hint' }, `${slices.length} slices in ${seconds.toFixed(1)} s.`),
    );
    bringIntoView(this.#result);
  }
}

export function usePanel(app: App): HTMLElement {
  return h(
    'div',
    { class: 'layout narrow' },
    h('div', { class: 'stack' }, weightsCard(app), downloadsCard(app)),
    new Predictor(app).element,
  );
}
