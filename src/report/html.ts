/** @file HTML text that escapes everything put into it, and numbers as a reader wants them. */
import type { PartName } from '../results/evaluation.ts';

/** Markup that is already safe. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

export type Content = string | number | Html | null | undefined | readonly Content[];

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function render(content: Content): string {
  if (content instanceof Html) return content.text;
  if (Array.isArray(content)) return content.map(render).join('');
  return String(content ?? '').replaceAll(/[&<>"']/g, (c) => entities[c]!);
}

/** Template tag: what is interpolated is escaped, unless it is Html itself or a list of it. */
export function html(parts: TemplateStringsArray, ...contents: Content[]): Html {
  return new Html(parts.map((part, i) => part + (i < contents.length ? render(contents[i]) : '')).join(''));
}

/** A value as a script literal that cannot end the script element it stands in. */
export function scriptLiteral(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}

const count = new Intl.NumberFormat('en');

/** 12,500 */
export function whole(value: number): string {
  return count.format(Math.round(value));
}

/** `1 subject`, `12,500 subjects` */
export const counted = (value: number, noun: string): string =>
  `${whole(value)} ${noun}${Math.round(value) === 1 ? '' : 's'}`;

/** 12.3 s, 4 min 05 s, 2 h 03 min */
export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(Math.round(seconds) / 60);
  const pad = (value: number): string => String(value).padStart(2, '0');
  if (minutes < 60) return `${minutes} min ${pad(Math.round(seconds) % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`;
}

/** What a reader must know about the evaluated subjects to judge the numbers. */
export const partWords: Readonly<Record<PartName, string>> = {
  test: 'none of which the network has seen before',
  validation: 'which it was not trained on, but which chose the weights to keep',
  training: 'the very ones it was trained on: these numbers do not tell how it does on new ones',
};

/** The warning where a run has neither test nor validation subjects. */
export const noneHeldOut = 'No held-out subject: the errors are of training images.';
