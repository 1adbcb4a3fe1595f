/** @file Every setting of a training that the form has no field for: its usual value, and what it is set to instead. */
import { groupBy } from '../../src/data/lists.ts';
import { parseValue } from '../../src/run/assign.ts';
import type { App } from '../app.ts';
import { field, fill, h, Notice } from '../dom.ts';
import type { Setting, TrainingForm } from '../protocol.ts';

type Sets = Readonly<Record<string, unknown>>;

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** `augmentation.scale` stands under augmentation, `clipNorm` under general. */
const sectionOf = (path: string): string => path.split('.').slice(0, -1).join(' ') || 'general';

export class AllSettings {
  readonly element: HTMLDetailsElement;
  readonly #app: App;
  readonly #form: () => TrainingForm;
  readonly #notice = new Notice();
  readonly #list = h('div', { class: 'stack' });
  readonly #summary = h('summary', {});
  #sets: Sets = {};

  /** @param form as it is filled in now; throws where it is not yet right */
  constructor(app: App, form: () => TrainingForm) {
    this.#app = app;
    this.#form = form;
    const about = h(
      'p',
      { class: 'hint' },
      'What is left empty stays as it is shown. The same names are taken by planewise --set.',
    );
    this.element = h('details', {}, this.#summary, about, this.#notice.element, this.#list);
    this.element.addEventListener('toggle', () => this.refresh());
    this.#count();
  }

  read(): Sets {
    return this.#sets;
  }

  write(sets: Sets): void {
    this.#sets = sets;
    this.#count();
    this.refresh();
  }

  /** Other tasks or another preset have other settings; listed when they are looked at. */
  refresh(): void {
    if (!this.element.open) return;
    this.#notice.clear();
    this.#ask().catch((error) => this.#notice.fail(error));
  }

  async #ask(): Promise<void> {
    const settings = await this.#app.client.request('settings', this.#form());
    const known = new Set(settings.map(({ path }) => path));
    this.#sets = Object.fromEntries(Object.entries(this.#sets).filter(([path]) => known.has(path)));
    this.#count();
    const sections = groupBy(settings, ({ path }) => sectionOf(path));
    fill(
      this.#list,
      [...sections].map(([name, own]) =>
        h(
          'fieldset',
          {},
          h('legend', {}, name),
          h(
            'div',
            { class: 'fields short' },
            own.map((setting) => this.#field(setting)),
          ),
        ),
      ),
    );
  }

  #field({ path, value }: Setting): HTMLElement {
    const input = h('input', {
      type: 'text',
      placeholder: textOf(value),
      autocomplete: 'off',
      spellcheck: 'false',
    });
    if (path in this.#sets) input.value = textOf(this.#sets[path]);
    input.addEventListener('change', () => {
      const { [path]: _, ...others } = this.#sets;
      const text = input.value.trim();
      this.#sets = text === '' ? others : { ...others, [path]: parseValue(text) };
      this.#count();
    });
    return field(path.split('.').at(-1)!, input);
  }

  #count(): void {
    const count = Object.keys(this.#sets).length;
    this.#summary.textContent = count > 0 ? `All settings (${count} changed)` : 'All settings';
  }
}
