/** @file A study's planes in the patient, drawn in parallel projection: a slice, real planes, planned ones. Plain SVG. */
import { intersectingLine, pixelToWorld, planeNormal } from '../data/geometry.ts';
import type { ImagePlane, Vec3 } from '../data/types.ts';
import { add, cross, dot, normalize, scale, subtract } from '../data/vector.ts';
import type { PlacedPicture, ShownStudy } from '../results/planes.ts';
import { type Html, html } from './html.ts';
import { css, seriesColour } from './palette.ts';
import { clipLine } from './windowing.ts';

/** From the left, in front and above, as one looks at a patient in bed. */
const BEDSIDE: Vec3 = [0.75, -1, 0.55];

/** Where one looks from: screen axes, and the depth towards the eye. */
interface Eye {
  readonly right: Vec3;
  readonly down: Vec3;
  readonly towards: Vec3;
  readonly centre: Vec3;
}

const centreOf = ({ columns, rows, ...plane }: ImagePlane): Vec3 =>
  pixelToWorld({ columns, rows, ...plane }, (columns - 1) / 2, (rows - 1) / 2);

/** Sees each plane from its side towards the bedside, none of them edge-on. */
function eyeOn(planes: readonly ImagePlane[]): Eye {
  const facing = planes.map((plane) => {
    const normal = planeNormal(plane);
    return dot(normal, BEDSIDE) < 0 ? scale(normal, -1) : normal;
  });
  const towards = normalize(facing.reduce((sum, normal) => add(sum, normal), scale(BEDSIDE, 0.25)));
  const right = normalize(cross([0, 0, 1], towards));
  return { right, down: cross(right, towards), towards, centre: centreOf(planes[0]!) };
}

type Point = readonly [x: number, y: number];

const seen = ({ right, down, centre }: Eye, point: Vec3): Point => {
  const from = subtract(point, centre);
  return [dot(from, right), dot(from, down)];
};

const corners = (plane: ImagePlane): Vec3[] => {
  const [right, bottom] = [plane.columns - 0.5, plane.rows - 0.5];
  return [
    pixelToWorld(plane, -0.5, -0.5),
    pixelToWorld(plane, right, -0.5),
    pixelToWorld(plane, right, bottom),
    pixelToWorld(plane, -0.5, bottom),
  ];
};

/** The part of a polygon where `height` is above 0, and what of its outline is not on the cut. */
function half(polygon: readonly Vec3[], height: (point: Vec3) => number): Vec3[] {
  return polygon.flatMap((point, i) => {
    const next = polygon[(i + 1) % polygon.length]!;
    const [a, b] = [height(point), height(next)];
    const crossing = a > 0 !== b > 0 ? [add(point, scale(subtract(next, point), a / (a - b)))] : [];
    return a > 0 ? [point, ...crossing] : crossing;
  });
}

const number = (value: number): string => value.toFixed(2);

const path = (eye: Eye, points: readonly Vec3[]): string =>
  `M${points.map((point) => seen(eye, point).map(number).join(' ')).join('L')}Z`;

/** A real plane: filled; a planned one: dashed. */
const area = (eye: Eye, points: readonly Vec3[], kind: 'real' | 'planned', colour: string): Html | string =>
  points.length < 3
    ? ''
    : html`<path class="${kind}" d="${path(eye, points)}" stroke="${colour}"${kind === 'real' ? html` fill="${colour}"` : html` fill="none"`}/>`;

/** The picture where its plane is seen. */
function placed(eye: Eye, { plane, uri }: PlacedPicture): Html {
  const { rows, columns, spacingMm } = plane;
  const along = (direction: Vec3, mm: number): Point => [
    dot(direction, eye.right) * mm,
    dot(direction, eye.down) * mm,
  ];
  const [x, y] = [along(plane.rowDirection, spacingMm[1]), along(plane.columnDirection, spacingMm[0])];
  const origin = seen(eye, pixelToWorld(plane, -0.5, -0.5));
  const matrix = [...x, ...y, ...origin].map((v) => v.toFixed(4)).join(' ');
  return html`<image width="${columns}" height="${rows}" preserveAspectRatio="none" transform="matrix(${matrix})" href="${uri}"/>`;
}

/** Where a plane cuts the slice. */
function cut(eye: Eye, slice: ImagePlane, plane: ImagePlane, kind: string, colour: string): Html | string {
  const { line } = intersectingLine(slice, plane);
  const ends = line && clipLine(line, slice.columns);
  if (!ends) return '';
  const [from, to] = [
    seen(eye, pixelToWorld(slice, ends[0], ends[1])),
    seen(eye, pixelToWorld(slice, ends[2], ends[3])),
  ];
  return html`<path class="${kind} cut" d="M${from.map(number).join(' ')}L${to.map(number).join(' ')}" stroke="${colour}" fill="none"/>`;
}

/** The slice hides what of the planes lies behind it. */
export function planeDrawing({ subject, slice, views }: ShownStudy): Html {
  const eye = eyeOn([slice.plane, ...views.map(({ real }) => real.plane)]);
  const normal = planeNormal(slice.plane);
  const side = dot(normal, eye.towards) < 0 ? -1 : 1;
  const above = (point: Vec3): number => side * dot(normal, subtract(point, slice.plane.position));
  const all = views.flatMap(({ real, planned }, view) => [
    { kind: 'real' as const, plane: real.plane, colour: css(seriesColour(view)) },
    { kind: 'planned' as const, plane: planned.plane, colour: css(seriesColour(view)) },
  ]);
  const part = (height: (point: Vec3) => number) =>
    all.map(({ kind, plane, colour }) => area(eye, half(corners(plane), height), kind, colour));
  const points = [slice.plane, ...all.map(({ plane }) => plane)].flatMap(corners);
  const reach = Math.max(...points.flatMap((point) => seen(eye, point).map(Math.abs))) + 4;
  const told = views.map(({ view, angleDeg }) => `${view} planned ${angleDeg.toFixed(1)}° off`);
  return html`<svg class="patient" viewBox="${number(-reach)} ${number(-reach)} ${number(2 * reach)} ${number(2 * reach)}" role="img" aria-label="${subject}: a short-axis slice with real and planned planes; ${told.join(', ')}">
${part((point) => -above(point))}${placed(eye, slice)}${all.map(({ kind, plane, colour }) => cut(eye, slice.plane, plane, kind, colour))}${part(above)}</svg>`;
}
