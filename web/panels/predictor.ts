/** @file What the loaded weights say of any study: one stack at a time, or all in one archive. */
import type { App } from '../app.ts';
import { action, bringIntoView, card, download, field, fill, h, Notice, select, setOptions } from '../dom.ts';
import { windowedImage } from '../draw.ts';
import type { ImageValues, PlanRequest, StudyInfo, StudyPrediction } from '../protocol.ts';
import { forget, remember, remembered } from '../remembered.ts';
import { summaryTable } from './errors.ts';
import { legend } from './marks.ts';
import { ProgressBar } from './progress.ts';
import { sliceCard } from './slices.ts';
import { stackOf } from './studymodel.ts';
import { listSubjects } from './subjects.ts';

/** What was predicted last, for the next visit. */
const kept = 'planewise.predicted';

export class Predictor {
  readonly element: HTMLElement;
  readonly #app: App;
  readonly #notice = new Notice();
  readonly #subject = select([]);
  readonly #stack = select([]);
  readonly #frame = select([]);
  readonly #frameField = field('Phase', this.#frame);
  readonly #result = h('div', {});
  #study: StudyInfo | null = null;
  #visible = false;

  constructor(app: App) {
    this.#app = app;
    const predict = action(
      'Predict',
      this.#notice,
      async () => {
        await this.#predict();
        bringIntoView(this.#result);
      },
      'primary',
    );
    const fields = h(
      'div',
      { class: 'fields' },
      field('Subject', this.#subject),
      field('Images', this.#stack),
      this.#frameField,
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
      'All stacks of all studies in all phases, with numbers as JSON and CSV, pictures, and class maps as NIfTI and, of DICOM files, DICOM SEG. People go by pseudonyms.',
    );
    const buttons = h('div', { class: 'actions' }, predict, all);
    const form = h('div', { class: 'stack' }, fields, buttons, about, progress.element);
    this.element = card('Predictions', hint, form, this.#notice.element, this.#result);
    this.#subject.addEventListener('change', () => this.#attempt(this.#openSubject()));
    this.#stack.addEventListener('change', () => this.#listFrames());
    app.watch(({ data, weights }, before) => {
      if (data !== before.data || weights !== before.weights) fill(this.#result);
      if (data !== before.data) this.#study = null;
      if (data !== before.data || !data) forget(kept);
      const missing = [weights ? '' : 'weights', data ? '' : 'a study (under Data)'].filter(Boolean);
      hint.hidden = missing.length === 0;
      hint.textContent = `Predictions appear here once there are ${missing.join(' and ')}.`;
      form.hidden = missing.length > 0;
      if (this.#visible) this.#list();
    });
    app.onOpen((tab) => {
      this.#visible = tab === 'use';
      if (!this.#visible) return;
      this.#list();
      this.#again();
    });
  }

  /** Shows anew what was predicted before the page was reloaded. */
  #again(): void {
    const text = remembered(kept);
    const { data, weights } = this.#app.state;
    if (!text || !data || !weights || this.#result.hasChildNodes()) return;
    const { subject, stack, frame } = JSON.parse(text) as PlanRequest;
    if (!data.subjects.includes(subject)) return;
    this.#subject.value = subject;
    this.#attempt(this.#openSubject(stack, frame).then(() => this.#predict()));
  }

  #attempt(work: Promise<unknown>): void {
    work.catch((error) => this.#notice.fail(error));
  }

  #list(): void {
    listSubjects(this.#subject, this.#app.state);
    if (this.#app.state.data && !this.#study) this.#attempt(this.#openSubject());
  }

  /** The subject chosen, at a stack and a phase; without one at the stack that the weights are for. */
  async #openSubject(stack?: number, frame = 0): Promise<void> {
    const study = await this.#app.client.request('study', this.#subject.value);
    this.#study = study;
    setOptions(
      this.#stack,
      study.stacks.map(({ label }, i) => ({ value: String(i), label })),
      String(stack ?? stackOf(study, this.#app.state.weights?.targetView)),
    );
    this.#listFrames();
    this.#frame.value = String(frame);
  }

  #listFrames(): void {
    const slices = this.#study?.stacks[Number(this.#stack.value)]?.slices ?? [];
    const frames = Math.max(1, ...slices.map(({ files }) => files.length));
    this.#frameField.hidden = frames < 2;
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
    remember(kept, JSON.stringify(request));
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
  }
}
