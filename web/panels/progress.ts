/** @file Progress of the worker's long work, with a way to stop it. */
import { ConfigError } from '../../src/base/errors.ts';
import type { App } from '../app.ts';
import { action, count, h, Notice } from '../dom.ts';

/** What is going on in the page: the worker has one folder open, and one wish to stop, whoever asked for the work. */
let current: string | null = null;

/** Shown while `run` works. */
export class ProgressBar {
  readonly element: HTMLElement;
  readonly #bar = h('progress', { 'aria-label': 'Progress' });
  readonly #what = h('p', { class: 'strong' });
  readonly #detail = h('p', { class: 'hint ellipsis' });
  #active = false;
  #cancelled = false;

  constructor(app: App) {
    const notice = new Notice();
    const cancel = action('Cancel', notice, () => {
      this.#cancelled = true;
      return app.client.request('cancel', null);
    });
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

  /**
   * Works, with nothing else of the kind beside it: another folder would take the place of the one that is read, and
   * which of two was cancelled could not be told. @param work gets what throws once it is cancelled
   * @throws ConfigError where something else is going on
   */
  async run<T>(what: string, work: (check: () => void) => Promise<T>): Promise<T> {
    if (current !== null)
      throw new ConfigError(`${current} is still going on. Wait for its end or cancel it, and try again.`);
    current = what;
    this.#what.textContent = what;
    this.#detail.textContent = '';
    this.#bar.removeAttribute('value');
    this.element.hidden = false;
    this.#active = true;
    this.#cancelled = false;
    try {
      return await work(() => {
        if (this.#cancelled) throw new ConfigError('Cancelled.');
      });
    } finally {
      current = null;
      this.#active = false;
      this.element.hidden = true;
    }
  }
}
