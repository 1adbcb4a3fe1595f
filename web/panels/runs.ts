/** @file The runs kept in this browser: what differs among them, what came out, curves over one another. */
import { differing } from '../../src/results/compare.ts';
import type { App } from '../app.ts';
import { action, count, fill, h, Notice } from '../dom.ts';
import type { KeptRun, RunInfo } from '../protocol.ts';
import { ComparedCurves } from './curves.ts';
import { swatch } from './marks.ts';
import type { RunView } from './run.ts';

/** Everything that was decided about a run, by name. */
function decisions({ form, dataName, besideName }: RunInfo): Record<string, string> {
  const { set = {}, tasks, init, beside: _, split, ...others } = form;
  const all = {
    ...{ data: dataName, beside: besideName ?? 'nothing', tasks: tasks.join(', '), init: init ?? false },
    ...{ ...(split && { split: split.file }), ...others, ...set },
  };
  return Object.fromEntries(Object.entries(all).map(([name, value]) => [name, String(value)]));
}

/** What each run has that not all have, in words. */
export function differences(runs: readonly RunInfo[]): string[] {
  const all = runs.map(decisions);
  const differ = differing(all);
  return all.map((own) => differ.map((name) => `${name} ${own[name] ?? 'as usual'}`).join('; '));
}

/** `run-3` is the third that was begun. */
const nameOf = (folder: string): string => folder.replace(/^run$/, 'run-1').replace('-', ' ');

export class KeptRuns {
  readonly element: HTMLDetailsElement;
  readonly #app: App;
  readonly #view: RunView;
  readonly #notice = new Notice();
  readonly #list = h('div', {});
  readonly #curves = new ComparedCurves('Validation loss');

  constructor(app: App, view: RunView) {
    this.#app = app;
    this.#view = view;
    this.element = h(
      'details',
      { hidden: true },
      h('summary', {}, 'All runs'),
      this.#notice.element,
      this.#list,
      this.#curves.element,
    );
    this.element.addEventListener('toggle', () => this.#refresh());
    app.watch(({ run }, before) => {
      this.element.hidden = run === null;
      const same = run?.state === before.run?.state && run?.best?.step === before.run?.best?.step;
      if (!same || run?.form !== before.run?.form) this.#refresh();
    });
    app.onOpen(() => this.#refresh());
  }

  #refresh(): void {
    if (!this.element.open) return;
    this.#app.client
      .request('runs', null)
      .then((runs) => this.#show(runs))
      .catch((error) => this.#notice.fail(error));
  }

  #show(runs: readonly KeptRun[]): void {
    const words = differences(runs.map(({ run }) => run));
    const rows = runs.map((kept, i) => this.#row(kept, i, words[i]!));
    const heads = ['Run', 'What differs', 'Step', 'Best validation', 'Do'];
    const head = heads.map((text) => h('th', { scope: 'col' }, text));
    fill(
      this.#list,
      h(
        'div',
        { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'All runs' },
        h('table', {}, h('thead', {}, h('tr', {}, head)), h('tbody', {}, rows)),
      ),
    );
    this.#curves.show(runs.map(({ folder, validation }) => ({ name: nameOf(folder), validation })));
  }

  #row({ folder, current, run }: KeptRun, place: number, differs: string): HTMLElement {
    const open = action('Open', this.#notice, async () => {
      const { metrics, validation, ...state } = await this.#app.client.request('openRun', folder);
      this.#view.load(metrics, validation);
      this.#app.set(state);
      this.#refresh();
    });
    const remove = action(
      'Delete',
      this.#notice,
      async () => {
        if (!confirm('Delete this run with its weights and curves?')) return;
        await this.#app.client.request('deleteRun', folder);
        this.#refresh();
      },
      'danger',
    );
    open.disabled = this.#app.state.run?.state === 'running';
    return h(
      'tr',
      { 'aria-current': current },
      h('th', { scope: 'row' }, swatch(place), current ? `${nameOf(folder)} (this one)` : nameOf(folder)),
      h('td', {}, differs || 'nothing'),
      h('td', {}, `${count(run.step)} of ${count(run.form.steps)}`),
      h('td', {}, run.best ? `${run.best.loss.toPrecision(3)}, step ${run.best.step}` : '–'),
      h('td', { class: 'actions' }, current ? null : [open, remove]),
    );
  }
}
