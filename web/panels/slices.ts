/** @file A gallery card: a slice with what a network says about it drawn on it and in words. */
import { identityAffine } from '../../src/data/affine.ts';
import type { Affine } from '../../src/data/types.ts';
import type { Finding } from '../../src/results/mark.ts';
import { h } from '../dom.ts';
import { paintLayer, paintLines, paintPixels } from '../draw.ts';
import type { Placement } from '../viewing/viewport.ts';
import { captions, regionsOf, strokesOf } from './marks.ts';

export interface SliceCard {
  readonly caption: string;
  readonly image: ImageData;
  /** Physical shape: pixels are not always square. */
  readonly spacingMm: readonly [betweenRows: number, betweenColumns: number];
  readonly findings: readonly Finding[];
  /** Side of the grid of the findings, pixels. */
  readonly size: number;
  /** From the image's pixels to the grid's; default: it is the grid. */
  readonly toGrid?: Affine;
}

/** Longest side of a card's picture, pixels: sharp on dense screens. */
const SIDE = 300;

function picture(card: SliceCard): HTMLCanvasElement {
  const { image, spacingMm, findings, size, toGrid = identityAffine } = card;
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
  const shape = { columns: image.width, rows: image.height };
  paintPixels(context, image, at);
  for (const of of ['predicted', 'truth'] as const) {
    for (const layer of regionsOf(findings, of, size, toGrid)) paintLayer(context, layer, shape, at);
    paintLines(context, strokesOf(findings, of, toGrid), shape, at);
  }
  return canvas;
}

export function sliceCard(card: SliceCard): HTMLElement {
  return h(
    'figure',
    { class: 'slice' },
    picture(card),
    h('figcaption', {}, h('strong', {}, card.caption), captions(card.findings)),
  );
}
