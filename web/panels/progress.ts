/** @file Progress of the worker's long work, with a way to stop it. */
import type { App } from '../app.ts';
import { action, count, h, Notice } from '../dom.ts';

/** Shown while `run` works. */
export class ProgressBar {
  readonly element: HTMLElement;
  readonly #bar = h('progress', { 'aria-label': 'Progress' });
  readonly #what = h('p', { class: 'strong' });
  readonly #detail = h('p', { class: 'hint ellipsis' });
  #active = false;

  constructor(app: App) {
    const notice = new Notice();
    const cancel = action('Cancel', notice, () => app.client.request('cancel', null));
    const text = h('div', { class: 'grow' }, this.#what, this.#bar, this.#detail);
    this.element = h('div', { class: 'progress', hidden: true }, text, cancel, notice.element);
    app.client.on('busy', ({ what, done, total, detail }) => {
      if (!this.#active) return;
      this.#what.textContent = `${what}: ${count(done)} of ${count(total)}`;
      this.#detail.textContent = detail;
      this.#bar.max = total;
      this.#bar.value = done;
    });
  }

  async run<T>(what: string, work: () => Promise<T>): Promise<T> {
    this.#what.textContent = what;
    this.#detail.textContent = '';
    this.#bar.removeAttribute('value');
    this.element.hidden = false;
    this.#active = true;
    try {
      return await work();
    } finally {
      this.#active = false;
      this.element.hidden = true;
    }
  }
}
