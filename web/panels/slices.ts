/** @file A gallery of slices with predicted and true lines, and where along the stack the network puts them. */
import type { Line } from '../../src/data/types.ts';
import { h } from '../dom.ts';
import { css, type Placement, paintLines, paintPixels, type Stroke } from '../draw.ts';

export interface SliceCard {
  readonly caption: string;
  readonly image: ImageData;
  /** Physical shape: pixels are not always square. */
  readonly spacingMm: readonly [betweenRows: number, betweenColumns: number];
  readonly predicted: readonly (Line | null)[];
  readonly truth: readonly (Line | null)[];
  readonly location: { readonly predicted: number; readonly truth: number | null } | null;
  /** Per view: "3.1°, 1.2 mm". */
  readonly notes?: readonly string[];
}

/** Longest side of a card's picture, pixels: sharp on dense screens. */
const SIDE = 300;

function strokesOf({ predicted, truth }: SliceCard): Stroke[] {
  const of = (lines: readonly (Line | null)[], dashed: boolean): Stroke[] =>
    lines.flatMap((line, view) => (line ? [{ line, view, dashed }] : []));
  return [...of(predicted, false), ...of(truth, true)];
}

function picture(card: SliceCard): HTMLCanvasElement {
  const { image, spacingMm } = card;
  const [heightMm, widthMm] = [image.height * spacingMm[0], image.width * spacingMm[1]];
  const scale = SIDE / Math.max(heightMm, widthMm);
  const canvas = h('canvas', {
    width: Math.round(widthMm * scale),
    height: Math.round(heightMm * scale),
    'aria-hidden': 'true',
  });
  const at: Placement = {
    left: 0,
    top: 0,
    scaleX: canvas.width / image.width,
    scaleY: canvas.height / image.height,
  };
  const context = canvas.getContext('2d')!;
  paintPixels(context, image, at);
  paintLines(context, strokesOf(card), { columns: image.width, rows: image.height }, at);
  return canvas;
}

function mark(kind: 'b' | 'i', value: number): HTMLElement {
  const element = h(kind);
  element.style.left = `${100 * Math.min(1, Math.max(0, value))}%`;
  return element;
}

function track(location: SliceCard['location']): HTMLElement | null {
  if (!location) return null;
  const { predicted, truth } = location;
  const text = `location ${predicted.toFixed(2).replace('-', '−')}${truth === null ? '' : `, true ${truth.toFixed(2)}`}`;
  return h(
    'div',
    {},
    h(
      'div',
      { class: 'track', 'aria-hidden': 'true' },
      truth === null ? null : mark('i', truth),
      mark('b', predicted),
    ),
    h('p', { class: 'hint' }, text),
  );
}

export function sliceCard(card: SliceCard): HTMLElement {
  const notes = (card.notes ?? []).map((note, view) => h('p', { class: 'hint' }, swatch(view), note));
  return h(
    'figure',
    { class: 'slice' },
    picture(card),
    h('figcaption', {}, h('strong', {}, card.caption), notes, track(card.location)),
  );
}

export function swatch(view: number): HTMLElement {
  const element = h('span', { class: 'swatch', 'aria-hidden': 'true' });
  element.style.background = css(view);
  return element;
}

/** What the colours and strokes mean. */
export function legend(views: readonly string[], marks: 'both' | 'true'): HTMLElement {
  const strokes =
    marks === 'both'
      ? [
          h('li', {}, h('span', { class: 'stroke solid' }), 'predicted'),
          h('li', {}, h('span', { class: 'stroke dashed' }), 'true'),
        ]
      : [];
  return h(
    'ul',
    { class: 'legend' },
    views.map((view, i) => h('li', {}, swatch(i), view)),
    strokes,
  );
}
