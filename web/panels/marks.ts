/** @file What tasks show of an image, painted and in words: marks, whatever the task. */
import { invertAffine, transformLine } from '../../src/data/affine.ts';
import type { Affine } from '../../src/data/types.ts';
import { regionPixels } from '../../src/report/regions.ts';
import {
  type Finding,
  type Mark,
  marksOf,
  type NumberedFinding,
  numbered,
  type Of,
  only,
  seriesOf,
} from '../../src/results/mark.ts';
import { fixed } from '../../src/results/result.ts';
import { type Child, h } from '../dom.ts';
import { css, greyImage, type Layer, mixedHeat, type Stroke } from '../draw.ts';

export function swatch(series: number): HTMLElement {
  const element = h('span', { class: 'swatch', 'aria-hidden': 'true' });
  element.style.background = css(series);
  return element;
}

/** Lines of one kind, in the pixels of the image that `toGrid` leads from. */
export function strokesOf(findings: readonly Finding[], of: Of, toGrid: Affine): Stroke[] {
  return only(marksOf(findings), 'line').flatMap(({ line, series, of: kind }) =>
    kind === of ? [{ line: transformLine(line, invertAffine(toGrid)), series, dashed: of === 'truth' }] : [],
  );
}

/** Heatmaps of one kind, mixed. @param size side of the grid, pixels */
export function heatOf(findings: readonly Finding[], of: Of, size: number, toGrid: Affine): Layer[] {
  const heats = only(marksOf(findings), 'heat').filter((heat) => heat.of === of);
  return heats.length > 0 ? [{ picture: mixedHeat(heats, size, of === 'truth'), toPicture: toGrid }] : [];
}

/** Pixels of a region's pixel, so that outlines are thin. */
const REGION_SCALE = 4;

/** Regions of one kind. */
export function regionsOf(findings: readonly Finding[], of: Of, size: number, toGrid: Affine): Layer[] {
  const [k, shift] = [REGION_SCALE, (REGION_SCALE - 1) / 2];
  const [a, b, c, d, e, f] = toGrid;
  const toPicture: Affine = [k * a, k * b, k * c + shift, k * d, k * e, k * f + shift];
  return only(marksOf(findings), 'region').flatMap((region) => {
    if (region.of !== of) return [];
    const picture = new ImageData(size * k, size * k);
    picture.data.set(regionPixels(region, size, k));
    return [{ picture, toPicture, opaque: true }];
  });
}

type Scale = Extract<Mark, { kind: 'scale' }>;

function place(kind: 'b' | 'i', value: number): HTMLElement {
  const element = h(kind);
  element.style.left = `${100 * Math.min(1, Math.max(0, value))}%`;
  return element;
}

function scaleBar({ title, predicted, truth }: Scale): HTMLElement {
  const text = `${title} ${fixed(predicted, 2)}${truth === null ? '' : `, true ${fixed(truth, 2)}`}`;
  const places = [truth === null ? null : place('i', truth), place('b', predicted)];
  return h(
    'div',
    {},
    h('div', { class: 'track', 'aria-hidden': 'true' }, places),
    h('p', { class: 'hint' }, text),
  );
}

/** Pictures beside one another, each over what it is. */
function pictures(marks: readonly Mark[]): Child {
  const all = only(marks, 'picture');
  if (all.length === 0) return null;
  const each = all.map(({ title, values }) => h('span', { class: 'hint' }, greyImage(values), title));
  return h('div', { class: 'pictures' }, each);
}

function caption({ series, marks, first }: NumberedFinding): Child[] {
  const told = marks.map((mark): Child => {
    if (mark.kind === 'scale') return scaleBar(mark);
    if (mark.kind !== 'words') return null;
    if (mark.series === undefined) return h('p', { class: 'hint' }, mark.text);
    return h(
      'p',
      { class: 'hint', title: series[mark.series] ?? '' },
      swatch(first + mark.series),
      mark.text,
    );
  });
  return [...told, pictures(marks)];
}

/** What stands under an image. */
export const captions = (findings: readonly Finding[]): Child[] => numbered(findings).flatMap(caption);

const key = (mark: HTMLElement, name: string): HTMLElement => h('li', {}, mark, name);

/** What the two places on a scale mean, once for each kind of scale. */
function scaleKeys(scales: readonly Scale[]): HTMLElement[] {
  const kinds = new Map(scales.map((scale) => [`${scale.title}\n${scale.from}\n${scale.to}`, scale]));
  const place = (name: string): HTMLElement => h('span', { class: name, 'aria-hidden': 'true' });
  return [...kinds.values()].flatMap(({ title, from, to }) => [
    key(place('dot'), `predicted ${title}`),
    key(place('ring'), `true ${title}, ${from} to ${to}`),
  ]);
}

/** What the colours and strokes of some images' findings mean, as items of a list. */
export function legendKeys(all: readonly (readonly Finding[])[]): HTMLElement[] {
  const marks = all.flatMap(marksOf);
  const has = (kind: Mark['kind']): boolean => marks.some((mark) => mark.kind === kind);
  const stroke = (name: string): HTMLElement => h('span', { class: name });
  return [
    ...seriesOf(all).map(({ name, colour }) => key(swatch(colour), name)),
    ...(has('line') ? [key(stroke('stroke'), 'predicted'), key(stroke('stroke dashed'), 'true')] : []),
    ...(has('region') ? [h('li', {}, 'filled: predicted; outlined: true')] : []),
    ...scaleKeys(only(marks, 'scale')),
  ];
}

export const legend = (all: readonly (readonly Finding[])[]): HTMLElement =>
  h('ul', { class: 'legend' }, legendKeys(all));
