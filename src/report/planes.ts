/** @file Planes planned on test studies, beside the real ones: a table of errors, and some studies as pictures. */

import {
  type PlaneOff,
  type PlannedStudies,
  planeMedians,
  type ShownStudy,
  type ShownView,
} from '../results/planes.ts';
import { fixed } from '../results/result.ts';
import { counted, type Html, html, whole } from './html.ts';
import { css, seriesColour } from './palette.ts';
import { planeDrawing } from './planedrawing.ts';

const degrees = (off: PlaneOff | null): string => (off ? `${fixed(off.angleDeg, 1)}°` : '–');
const millimetres = (off: PlaneOff | null): string => (off ? `${fixed(off.distanceMm, 1)} mm` : '–');

function medianTable({ planes }: PlannedStudies): Html {
  const rows = planeMedians(planes).map(
    ({ view, planes: count, own, usual }) =>
      html`<tr><th scope="row">${view}</th><td class="number">${whole(count)}</td><td class="number"><strong>${degrees(own)}</strong></td><td class="number">${degrees(usual)}</td><td class="number"><strong>${millimetres(own)}</strong></td><td class="number">${millimetres(usual)}</td></tr>`,
  );
  return html`<div class="scroll"><table class="results"><thead><tr><th scope="col">View</th><th scope="col" class="number">Planes</th><th scope="col" class="number">Angle</th><th scope="col" class="number">trivial</th><th scope="col" class="number">Distance</th><th scope="col" class="number">trivial</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}

const pair = ({ view, real, planned, angleDeg, distanceMm }: ShownView, series: number): Html =>
  html`<figure class="pair"><div><img alt="${view}, as it was acquired" src="${real.uri}"><img alt="the stack resampled in the planned plane" src="${planned.uri}"></div>
<figcaption><span class="swatch" style="background:${css(seriesColour(series))}"></span>${view}: ${fixed(angleDeg, 1)}° and ${fixed(distanceMm, 1)} mm off</figcaption></figure>`;

const study = (shown: ShownStudy): Html =>
  html`<div class="planned-study"><h3>${shown.subject}: ${shown.place} of the test studies</h3><div class="planned-row">${planeDrawing(shown)}<div class="pairs">${shown.views.map(pair)}</div></div></div>`;

function studies(planes: PlannedStudies['planes']): string {
  const count = new Set(planes.map(({ subject }) => subject)).size;
  return count === 1 ? 'one test study' : `${whole(count)} test studies`;
}

/** Of one pretraining. */
function plannedBy({ title, planned }: { readonly title: string; readonly planned: PlannedStudies }): Html {
  const { none, refused, planes, shown } = planned;
  if (none !== null) return html`<h3>${title}</h3><p class="note">${none}</p>`;
  const lost =
    refused.length > 0
      ? html`<p class="note">${counted(refused.length, 'plane')} of ${whole(planes.length + refused.length)} could not be planned and ${refused.length === 1 ? 'is' : 'are'} not in the table: ${refused[0]!.subject}: ${refused[0]!.message}</p>`
      : '';
  return html`<h3>${title}, ${studies(planes)}</h3>${medianTable(planned)}${lost}${shown.map(study)}`;
}

/** The section; nothing where no pretraining's network draws lines. */
export function planesSection(
  pretrained: readonly { readonly title: string; readonly planned: PlannedStudies | null }[],
): Html | string {
  const able = pretrained.flatMap(({ title, planned }) => (planned ? [{ title, planned }] : []));
  if (able.length === 0) return '';
  return html`<section><h2>Planes planned on the test studies</h2><p>The pretraining’s network looks at the short-axis stack alone; planes are fitted to the lines that it draws. The studies’ own long-axis images are compared with, never used. Medians: angle between the normals, and distance of the real image’s centre from the planned plane. The trivial answer is the plane of the training images’ mean lines.</p>${able.map(plannedBy)}
${able.some(({ planned }) => planned.shown.length > 0) ? html`<p class="note">In the drawings, seen from the patient’s left, front and above: the middle short-axis slice, real planes filled, planned ones dashed. Beside them each view as it was acquired, and what the short-axis stack shows in the planned plane: thick slices with gaps, hence the blur.</p>` : ''}</section>`;
}

export const planesStyle = `
.planned-row { display: grid; grid-template-columns: minmax(0, 380px) minmax(0, 1fr); gap: 20px 28px; align-items: center; }
.patient { width: 100%; display: block; background: #12161b; border-radius: 8px; }
.patient path { vector-effect: non-scaling-stroke; stroke-width: 1.75; }
.patient .real { fill-opacity: 0.16; }
.patient .planned { stroke-dasharray: 6 4; }
.pairs { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 250px), 1fr)); gap: 14px 20px; }
.pair div { display: grid; grid-template-columns: 1fr 1fr; gap: 4px; }
.pair img { width: 100%; display: block; border-radius: 4px; }
.pair figcaption { display: flex; align-items: center; gap: 8px; font-size: 14px; color: var(--muted); margin-top: 6px; }
@media (max-width: 640px) { .planned-row { grid-template-columns: 1fr; } }
`;
