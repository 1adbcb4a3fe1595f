/** @file The Study panel: a slice with the other views' lines, all planes in 3-D, and what the study holds. */
import type { App } from '../app.ts';
import { action, card, checkbox, field, fill, h, Notice, select, setOptions } from '../dom.ts';
import { studyContents } from './contents.ts';
import { Overlay } from './overlay.ts';
import { Planes } from './planes.ts';
import { Planned } from './planned.ts';
import { Quads } from './quads.ts';
import { Slider } from './slider.ts';
import { StudyModel } from './studymodel.ts';
import { listSubjects } from './subjects.ts';
import { Viewer, type Window } from './viewer.ts';

/** Seconds of a played heart beat. */
const BEAT = 1;

class StudyPanel {
  readonly element: HTMLElement;
  readonly #app: App;
  readonly #model: StudyModel;
  readonly #notice = new Notice();
  readonly #viewer: Viewer;
  readonly #planes = new Planes();
  readonly #subject = select([]);
  readonly #stack = select([]);
  readonly #slice = new Slider('Slice', (to) => this.#change(() => this.#model.moveSlice(to)));
  readonly #frame = new Slider('Phase', (to) => this.#change(() => this.#model.moveFrame(to)));
  readonly #play = action('Play', this.#notice, () => this.#togglePlay());
  readonly #overlay: Overlay;
  readonly #quads: Quads;
  readonly #planned: Planned;
  readonly #contents = h('div', {});
  readonly #body: HTMLElement;
  readonly #empty: HTMLElement;
  #timer = 0;
  #drawing = 0;
  #allSlices = false;
  #stale = true;
  #visible = false;

  constructor(app: App) {
    this.#app = app;
    this.#model = new StudyModel(app);
    this.#planned = new Planned(app, this.#model, this.#notice, () => this.#redraw());
    this.#quads = new Quads(this.#model, this.#planned);
    this.#overlay = new Overlay(
      app,
      this.#model,
      () => this.#redraw(),
      (error) => this.#notice.fail(error),
    );
    this.#viewer = new Viewer({
      window: (shift, widen) => this.#moveWindow(shift, widen),
      resetWindow: () => this.#change(() => this.#model.setWindow(null)),
      moveSlice: (by) => this.#change(() => this.#model.moveSlice(this.#model.slice + by)),
      moveFrame: (by) => this.#change(() => this.#model.moveFrame(this.#model.frame + by)),
      play: () => this.#togglePlay(),
    });
    const make = h('button', { type: 'button', class: 'link' }, 'Make hearts or open a folder.');
    make.addEventListener('click', () => app.openTab('data'));
    this.#empty = card('No study yet', h('p', {}, 'There is nothing to look at. ', make));
    this.#body = this.#build();
    this.element = h('div', {}, this.#empty, this.#body);
    this.#listen();
  }

  #build(): HTMLElement {
    const reset = action('Reset window', this.#notice, () => this.#change(() => this.#model.setWindow(null)));
    const slice = card(
      'Slice',
      this.#overlay.legend,
      h('div', { class: 'viewbox' }, this.#viewer.element),
      this.#slice.element,
      this.#frame.element,
      this.#overlay.switches,
      this.#overlay.words,
      h('div', { class: 'actions' }, this.#play, reset),
      h(
        'p',
        { class: 'hint' },
        'Drag on the image for brightness and contrast, double-click to reset. Keys: up and down for slices, left and right for phases, space to play; Shift with arrows for the window.',
      ),
    );
    const space = card(
      'Planes in the patient',
      this.#planes.element,
      h(
        'div',
        { class: 'actions' },
        checkbox('Images on all slices', false, (on) => this.#change(() => (this.#allSlices = on))),
        this.#planned.element,
      ),
      this.#planned.words,
      h('p', { class: 'hint' }, 'Drag to turn, scroll to zoom; arrow keys, plus and minus do the same.'),
    );
    return h(
      'div',
      { class: 'stack', hidden: true },
      h(
        'div',
        { class: 'bar' },
        field('Subject', this.#subject),
        field('Images', this.#stack),
        this.#notice.element,
      ),
      h('div', { class: 'layout' }, slice, space),
      card('What the study holds', this.#contents),
    );
  }

  #listen(): void {
    this.#subject.addEventListener('change', () => this.#open(this.#subject.value));
    this.#stack.addEventListener('change', () =>
      this.#change(() => {
        this.#model.stack = Number(this.#stack.value);
        this.#model.moveSlice(this.#model.slice);
      }),
    );
    this.#app.watch(({ data }, before) => {
      if (data !== before.data || !data) this.#stale = true;
      this.#empty.hidden = data !== null;
      this.#body.hidden = data === null;
      if (this.#visible) this.#refresh();
    });
    this.#app.onOpen((tab) => {
      this.#visible = tab === 'study';
      if (!this.#visible) return this.#pause();
      this.#refresh();
      this.#redraw();
    });
  }

  /** The first study of new data, once the panel is seen. */
  #refresh(): void {
    const { data } = this.#app.state;
    if (this.#stale) fill(this.#subject);
    listSubjects(this.#subject, this.#app.state);
    if (!this.#stale) return;
    this.#stale = false;
    this.#pause();
    this.#model.close();
    if (!data) return;
    if (this.#subject.value) this.#open(this.#subject.value);
  }

  #open(subject: string): void {
    this.#notice.clear();
    this.#model
      .open(subject)
      .then(() => {
        this.#quads.clear();
        const study = this.#model.study!;
        fill(this.#contents, studyContents(study, this.#app.state.data?.originals ?? false));
        const { stacks } = study;
        setOptions(
          this.#stack,
          stacks.map(({ label, slices }, i) => ({
            value: String(i),
            label: slices.length > 1 ? `${label}, ${slices.length} slices` : label,
          })),
        );
        this.#change(() => {});
      })
      .catch((error) => this.#notice.fail(error));
  }

  #change(edit: () => void): void {
    if (!this.#model.study) return;
    edit();
    this.#planned.refresh();
    this.#sliders();
    this.#redraw();
  }

  /** Many changes a frame (a drag) are one drawing. */
  #redraw(): void {
    if (!this.#visible) return;
    this.#drawing ||= requestAnimationFrame(() => {
      this.#drawing = 0;
      this.#draw().catch((error) => this.#notice.fail(error));
    });
  }

  #sliders(): void {
    const { current, slice, frame, frames } = this.#model;
    if (!current) return;
    const location = current.slices[slice]?.location ?? null;
    const count = current.slices.length;
    const place = location === null ? '' : `, ${Math.round(100 * location)} % of the way to the apex`;
    this.#slice.set(slice, count, `${slice + 1} of ${count}${place}`);
    this.#frame.set(frame, frames, `${frame + 1} of ${frames}`);
    this.#play.hidden = frames < 2;
  }

  async #draw(): Promise<void> {
    const model = this.#model;
    const { study, stack, slice, frame, current } = model;
    if (!study || !current) return;
    const image = await model.image(stack);
    // Something newer may have been asked for meanwhile.
    if (study !== model.study || stack !== model.stack || slice !== model.slice || frame !== model.frame)
      return;
    const drawn = this.#overlay.draw({ subject: study.subject, stack, slice, frame });
    const views = model.lines().map(({ label }) => label);
    this.#viewer.show({
      plane: model.planeOf(stack),
      image,
      window: model.window(stack, image),
      ...drawn,
      label: `${study.subject}, ${current.label}, slice ${slice + 1} of ${current.slices.length}, phase ${frame + 1}; lines of ${views.join(' and ') || 'no other view'}`,
    });
    const main = study.stacks.flatMap(({ view }, i) => (view === null ? [] : [model.planeOf(i)]));
    if (main.length > 0) await this.#planes.show(study.subject, main, await this.#quads.all(this.#allSlices));
  }

  #moveWindow(shift: number, widen: number): void {
    const { stack } = this.#model;
    if (!this.#model.study) return;
    this.#model
      .image(stack)
      .then((image) => {
        const { low, high }: Window = this.#model.window(stack, image);
        const width = Math.max(1e-3 * (image.high - image.low), (high - low) * (1 + widen));
        const level = (low + high) / 2 + shift * (high - low);
        this.#change(() => this.#model.setWindow({ low: level - width / 2, high: level + width / 2 }));
      })
      .catch((error) => this.#notice.fail(error));
  }

  #togglePlay(): void {
    if (this.#timer) {
      this.#pause();
      return;
    }
    const { frames } = this.#model;
    if (frames < 2) return;
    this.#play.textContent = 'Stop';
    this.#timer = window.setInterval(
      () => this.#change(() => this.#model.moveFrame(this.#model.frame + 1)),
      Math.max(33, (1000 * BEAT) / Math.max(2, frames)),
    );
  }

  #pause(): void {
    clearInterval(this.#timer);
    this.#timer = 0;
    this.#play.textContent = 'Play';
  }
}

export function studyPanel(app: App): HTMLElement {
  return new StudyPanel(app).element;
}
