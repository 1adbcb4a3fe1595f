/** @file Small helpers for elements, forms and messages, so that the panels read as what they show. */
import { ConfigError } from '../src/base/errors.ts';
import { refused } from '../src/base/needed.ts';

export type Child = Node | string | number | null | undefined | false | readonly Child[];
type Handler = (event: never) => void;
export type Props = Readonly<Record<string, string | number | boolean | null | undefined | Handler>>;

function setProp(element: Element, name: string, value: Props[string]): void {
  if (value === null || value === undefined || value === false) return;
  if (typeof value === 'function') element.addEventListener(name.slice(2), value as unknown as EventListener);
  else element.setAttribute(name, value === true ? '' : String(value));
}

function append(element: Element, child: Child): void {
  if (child === null || child === undefined || child === false) return;
  if (child instanceof Node) element.append(child);
  else if (typeof child === 'object') for (const inner of child) append(element, inner);
  else element.append(String(child));
}

/** An element; props named on… are event listeners, all others attributes. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) setProp(element, name, value);
  for (const child of children) append(element, child);
  return element;
}

/** Replaces what an element holds. */
export function fill(element: Element, ...children: readonly Child[]): void {
  element.replaceChildren();
  for (const child of children) append(element, child);
}

let ids = 0;
export const nextId = (prefix: string): string => `${prefix}-${ids++}`;

/** A message beside what it is about; read out when it changes. */
export class Notice {
  readonly element = h('div', { class: 'notice', role: 'status', hidden: true });

  show(text: string, kind: 'error' | 'info' | 'good' = 'error'): void {
    this.element.className = `notice ${kind}`;
    this.element.setAttribute('role', kind === 'error' ? 'alert' : 'status');
    this.element.textContent = text;
    this.element.hidden = false;
  }

  fail(error: unknown): void {
    this.show(error instanceof Error ? error.message : String(error));
  }

  clear(): void {
    this.element.hidden = true;
    this.element.textContent = '';
  }

  /** Leaves what is no error. */
  clearError(): void {
    if (this.element.getAttribute('role') === 'alert') this.clear();
  }
}

/** A button whose work may take a while: not pressed twice, its errors told in `notice`. */
export function action(
  label: string,
  notice: Notice,
  work: () => Promise<unknown> | unknown,
  kind: 'primary' | 'plain' | 'danger' = 'plain',
): HTMLButtonElement {
  const button = h('button', { type: 'button', class: kind }, label);
  button.addEventListener('click', async () => {
    if (button.getAttribute('aria-disabled') === 'true') return;
    notice.clear();
    button.setAttribute('aria-disabled', 'true');
    try {
      await work();
    } catch (error) {
      notice.fail(error);
    } finally {
      button.removeAttribute('aria-disabled');
    }
  });
  return button;
}

/** A labelled control with an optional hint under it. */
export function field(label: string, control: HTMLElement, hint?: string): HTMLElement {
  const id = nextId('field');
  control.id = id;
  const hintId = `${id}-hint`;
  if (hint) control.setAttribute('aria-describedby', hintId);
  return h(
    'div',
    { class: 'field' },
    h('label', { for: id }, label),
    control,
    hint ? h('p', { class: 'hint', id: hintId }, hint) : null,
  );
}

export interface NumberRange {
  readonly min: number;
  readonly max?: number;
  readonly step?: number | 'any';
}

export function numberInput(value: number, { min, max, step = 1 }: NumberRange): HTMLInputElement {
  const input = h('input', { type: 'number', min, max, step, inputmode: 'decimal' });
  input.value = String(value);
  return input;
}

/** The number in a field; where it cannot be, the field gets the focus. @throws ConfigError */
export function readNumber(input: HTMLInputElement, label: string): number {
  if (input.value !== '' && input.checkValidity()) return input.valueAsNumber;
  input.focus();
  const kind = input.step === 'any' ? 'a number' : 'a whole number';
  const most = input.max === '' ? '' : ` to ${input.max}`;
  // what is no number is no value either
  throw new ConfigError(
    `${refused(`${label} `, input.value || undefined, `${kind} from ${input.min}${most} is needed`)}.`,
  );
}

export interface Option {
  readonly value: string;
  readonly label: string;
}

export function select(options: readonly Option[], value?: string): HTMLSelectElement {
  const element = h('select', {});
  setOptions(element, options, value);
  return element;
}

export function setOptions(element: HTMLSelectElement, options: readonly Option[], value?: string): void {
  fill(
    element,
    options.map((option) => h('option', { value: option.value }, option.label)),
  );
  if (value !== undefined) element.value = value;
}

export function checkbox(
  label: string,
  checked: boolean,
  onChange: (checked: boolean) => void,
): HTMLLabelElement {
  const input = h('input', { type: 'checkbox' });
  input.checked = checked;
  input.addEventListener('change', () => onChange(input.checked));
  return h('label', { class: 'check' }, input, h('span', {}, label));
}

/** Brings what a press led to into view, where it is not: on a phone it is often below. */
export function bringIntoView(element: HTMLElement): void {
  const { top, bottom } = element.getBoundingClientRect();
  if (top >= 0 && Math.min(bottom, top + 100) <= innerHeight) return;
  const smooth = matchMedia('(prefers-reduced-motion: no-preference)').matches;
  element.scrollIntoView({ block: 'start', behavior: smooth ? 'smooth' : 'auto' });
}

/** A group of content under a heading. */
export function card(title: string, ...children: readonly Child[]): HTMLElement {
  const id = nextId('card');
  return h('section', { class: 'card', 'aria-labelledby': id }, h('h2', { id }, title), ...children);
}

const counts = new Intl.NumberFormat('en');
export const count = (value: number): string => counts.format(value);
export const plural = (value: number, noun: string): string =>
  `${count(value)} ${noun}${value === 1 ? '' : 's'}`;

/** 3.4 MB. */
export function megabytes(bytes: number): string {
  if (bytes < 1e6) return `${Math.max(1, Math.round(bytes / 1e3))} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}

/** Hands bytes or text to the user as a file. */
export function download(name: string, content: BlobPart, type: string): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = h('a', { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
