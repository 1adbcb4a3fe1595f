/** @file The Study panel: a slice with the other views' lines, all planes in 3-D, and what the study holds. */
import { stackEnds } from '../../src/data/viewnames.ts';
import type { App } from '../app.ts';
import { action, card, checkbox, field, fill, h, Notice, select, setOptions } from '../dom.ts';
import { Cine } from './cine.ts';
import { studyContents } from './contents.ts';
import { dataLink } from './datachoice.ts';
import { Overlay } from './overlay.ts';
import { Planes } from './planes.ts';
import { Planned } from './planned.ts';
import { Quads } from './quads.ts';
import { Slider } from './slider.ts';
import { StudyModel } from './studymodel.ts';
import { listSubjects } from './subjects.ts';
import { Viewer } from './viewer.ts';
import { ViewerTools } from './viewertools.ts';
import { Windowing } from './windowing.ts';

class StudyPanel {
  readonly element: HTMLElement;
  readonly #app: App;
  readonly #model: StudyModel;
  readonly #notice = new Notice();
  readonly #viewer: Viewer;
  readonly #tools: ViewerTools;
  readonly #windowing: Windowing;
  readonly #cine: Cine;
  readonly #planes = new Planes();
  readonly #subject = select([]);
  readonly #stack = select([]);
  readonly #slice = new Slider('Slice', (to) => this.#change(() => this.#model.moveSlice(to)));
  readonly #frame = new Slider('Phase', (to) => this.#change(() => this.#model.moveFrame(to)));
  readonly #overlay: Overlay;
  readonly #quads: Quads;
  readonly #planned: Planned;
  readonly #contents = h('div', {});
  readonly #body: HTMLElement;
  readonly #empty: HTMLElement;
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
    this.#windowing = new Windowing(this.#model);
    this.#viewer = new Viewer({
      window: (shift, widen) => this.#rewindow(this.#windowing.move(shift, widen)),
      resetWindow: () => this.#resetWindow(),
      moveSlice: (by) => this.#change(() => this.#model.moveSlice(this.#model.slice + by)),
      moveFrame: (by) => this.#change(() => this.#model.moveFrame(this.#model.frame + by)),
      play: () => this.#cine.toggle(),
    });
    this.#cine = new Cine(
      this.#notice,
      () => this.#model.frames,
      () => this.#change(() => this.#model.moveFrame(this.#model.frame + 1)),
    );
    this.#tools = new ViewerTools(this.#viewer, this.#notice, {
      preset: (name) => this.#rewindow(this.#windowing.choose(name)),
      name: () => this.#pictureName(),
    });
    this.#empty = card('No study yet', h('p', {}, 'There is nothing to look at. ', dataLink(app)));
    this.#body = this.#build();
    this.element = h('div', {}, this.#empty, this.#body);
    this.#listen();
  }

  #build(): HTMLElement {
    const reset = action('Reset window', this.#notice, () => this.#resetWindow());
    const slice = card(
      'Slice',
      this.#overlay.legend,
      this.#viewer.element,
      this.#tools.element,
      this.#slice.element,
      this.#frame.element,
      this.#overlay.switches,
      this.#overlay.words,
      h('div', { class: 'actions' }, this.#cine.button, this.#cine.element, reset),
      h(
        'p',
        { class: 'hint' },
        'Drag for brightness and contrast, double-click to reset; with the right button, two fingers or + and − for the size, with the middle button to move. The wheel goes through the slices; a click on a line shows that view. Keys: up and down for slices, left and right for phases, space to play, F to fit; Shift with arrows for the window.',
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
    this.#stack.addEventListener('change', () => this.#show(Number(this.#stack.value)));
    this.#app.watch(({ data }, before) => {
      if (data !== before.data || !data) this.#stale = true;
      this.#empty.hidden = data !== null;
      this.#body.hidden = data === null;
      if (this.#visible) this.#refresh();
    });
    this.#app.onOpen((tab) => {
      this.#visible = tab === 'study';
      if (!this.#visible) return this.#cine.pause();
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
    this.#cine.pause();
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
    const [, last] = stackEnds(current.view);
    const location = current.slices[slice]?.location ?? null;
    const count = current.slices.length;
    const place = location === null ? '' : `, ${Math.round(100 * location)} % of the way to the ${last}`;
    this.#slice.set(slice, count, `${slice + 1} of ${count}${place}`);
    this.#frame.set(frame, frames, `${frame + 1} of ${frames}`);
    this.#frame.element.hidden = frames < 2;
    this.#cine.refresh();
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
    const lines = model.lines();
    const views = lines.map(({ label }) => label);
    const phase = model.frames < 2 ? '' : `, phase ${frame + 1}`;
    this.#viewer.show({
      plane: model.planeOf(stack),
      image,
      window: model.window(stack, image),
      ...drawn,
      links: lines.map(({ line, label, stack }) => ({ line, label, open: () => this.#show(stack) })),
      label: `${study.subject}, ${current.label}, slice ${slice + 1} of ${current.slices.length}${phase}; lines of ${views.join(' and ') || 'no other view'}`,
    });
    const main = study.stacks.flatMap(({ view }, i) => (view === null ? [] : [model.planeOf(i)]));
    if (main.length > 0) await this.#planes.show(study.subject, main, await this.#quads.all(this.#allSlices));
  }

  /** Another stack, whole. */
  #show(stack: number): void {
    this.#stack.value = String(stack);
    this.#viewer.fit();
    this.#change(() => {
      this.#model.stack = stack;
      this.#model.moveSlice(this.#model.slice);
    });
  }

  #resetWindow(): void {
    this.#tools.automatic();
    this.#change(() => this.#model.setWindow(null));
  }

  #rewindow(change: Promise<void>): void {
    change.then(() => this.#change(() => {})).catch((error) => this.#notice.fail(error));
  }

  /** Without who it is of. */
  #pictureName(): string {
    const { current, slice, frame } = this.#model;
    const words = [current?.label ?? 'image', `slice ${slice + 1}`, `phase ${frame + 1}`];
    return words.join('-').replaceAll(/[^\w-]+/g, '-');
  }
}

export function studyPanel(app: App): HTMLElement {
  return new StudyPanel(app).element;
}
