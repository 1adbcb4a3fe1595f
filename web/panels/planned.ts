/** @file Planes that the weights plan on the stack one looks at: asked for by a button, drawn dashed, told in words. */
import type { App } from '../app.ts';
import { action, fill, h, type Notice } from '../dom.ts';
import { css } from '../draw.ts';
import type { PlannedPlane, StudyPlan } from '../protocol.ts';
import type { Quad } from '../scene.ts';
import type { StudyModel } from './studymodel.ts';

const words = ({ view, used, uncertainty, error }: PlannedPlane): string => {
  const least = uncertainty.complete ? '' : ' at least';
  const sure = `±${least} ${uncertainty.angleDeg.toFixed(1)}°, ${uncertainty.distanceMm.toFixed(1)} mm over ${used} slices`;
  if (!error) return `${view}: ${sure}.`;
  return `${view}: ${error.angleDeg.toFixed(1)}° and ${error.distanceMm.toFixed(1)} mm from the real plane (${sure}).`;
};

export class Planned {
  readonly element: HTMLElement;
  /** The figures. */
  readonly words = h('div', { class: 'finding' });
  readonly #app: App;
  readonly #model: StudyModel;
  readonly #redraw: () => void;
  #plan: StudyPlan | null = null;

  constructor(app: App, model: StudyModel, notice: Notice, redraw: () => void) {
    this.#app = app;
    this.#model = model;
    this.#redraw = redraw;
    this.element = action('Plan the planes', notice, () => this.#ask());
    this.element.hidden = true;
    app.watch(({ data, weights }, before) => {
      this.refresh();
      if (data !== before.data || weights !== before.weights) this.clear();
    });
  }

  /** Offers planning where the weights draw lines, on stacks of the view that they look at. */
  refresh(): void {
    const { hello, state } = this.#app;
    const { data, weights, run } = state;
    const able = weights ? weights.plansLines : run?.hasWeights === true && run.plansLines !== false;
    const target = weights?.targetView ?? data?.targetView;
    this.element.hidden = hello.adapter === null || !able || this.#model.current?.view !== target;
  }

  clear(): void {
    this.#plan = null;
    fill(this.words);
  }

  /** Of the study one looks at, where they were asked for. */
  quads(): Quad[] {
    const plan = this.#plan;
    const { study } = this.#model;
    if (!plan || plan.subject !== study?.subject) return [];
    return plan.views.map(({ view, plane }, i) => {
      const stack = study.stacks.findIndex((own) => own.view === view);
      const colour = css(stack < 0 ? i : this.#model.colourOf(stack));
      return { key: `planned/${view}`, plane, image: null, colour, strong: true, dashed: true };
    });
  }

  async #ask(): Promise<void> {
    const { client, state } = this.#app;
    const { study, stack, frame } = this.#model;
    if (!study) return;
    if (!state.weights) this.#app.set({ weights: await client.request('loadRunWeights', null) });
    const plan = await client.request('plan', { subject: study.subject, stack, frame });
    if (study !== this.#model.study || stack !== this.#model.stack || frame !== this.#model.frame) return;
    this.#plan = plan;
    const told = [...plan.views.map(words), ...plan.refused];
    fill(
      this.words,
      h(
        'p',
        { class: 'hint' },
        `Planned on ${study.stacks[plan.stack]!.label} alone, phase ${frame + 1}; drawn dashed.`,
      ),
      told.map((text) => h('p', {}, text)),
    );
    this.#redraw();
  }
}
