/** @file A slider with its name and value in words above it. */
import { h, nextId } from '../dom.ts';

export class Slider {
  readonly element: HTMLElement;
  readonly #input: HTMLInputElement;
  readonly #text = h('span', { class: 'hint' });

  constructor(label: string, onInput: (value: number) => void) {
    const id = nextId('slider');
    this.#input = h('input', { type: 'range', min: 0, max: 0, step: 1, id });
    this.#input.addEventListener('input', () => onInput(this.#input.valueAsNumber));
    const head = h('div', { class: 'slider-head' }, h('label', { for: id }, label), this.#text);
    this.element = h('div', { class: 'slider' }, head, this.#input);
  }

  /** @param count positions; the slider stands at `value`, which `text` says in words */
  set(value: number, count: number, text: string): void {
    this.#input.max = String(Math.max(0, count - 1));
    this.#input.value = String(value);
    this.#input.disabled = count < 2;
    this.#input.setAttribute('aria-valuetext', text);
    this.#text.textContent = text;
  }
}
