/** @file A gallery card: a slice with what a network says about it drawn on it and in words. */
import { h } from '../dom.ts';
import { type Placement, paintLines, paintPixels } from '../draw.ts';
import type { Finding, Shown } from '../protocol.ts';
import { showings } from './shows.ts';

export interface SliceCard {
  readonly caption: string;
  readonly image: ImageData;
  /** Physical shape: pixels are not always square. */
  readonly spacingMm: readonly [betweenRows: number, betweenColumns: number];
  readonly shows: readonly Shown[];
  readonly finding: Finding;
}

/** Longest side of a card's picture, pixels: sharp on dense screens. */
const SIDE = 300;

function picture({ image, spacingMm, shows, finding }: SliceCard): HTMLCanvasElement {
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
  const strokes = shows.flatMap((shown) => showings[shown].strokes(finding));
  paintLines(context, strokes, { columns: image.width, rows: image.height }, at);
  return canvas;
}

export function sliceCard(card: SliceCard): HTMLElement {
  const captions = card.shows.map((shown) => showings[shown].caption(card.finding));
  return h(
    'figure',
    { class: 'slice' },
    picture(card),
    h('figcaption', {}, h('strong', {}, card.caption), captions),
  );
}
