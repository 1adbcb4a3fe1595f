/** @file What the whole story came to: figures with and without pretraining, planes in figures and in the patient. */
import { fixed } from '../../src/results/result.ts';
import { count, field, fill, h, plural, select, setOptions } from '../dom.ts';
import { css, windowedImage } from '../draw.ts';
import type { StoryFigure, StoryOutcome, StoryStudy } from '../protocol/story.ts';
import type { Quad } from '../scene.ts';
import { Planes } from './planes.ts';

const table = (label: string, heads: readonly string[], rows: readonly (readonly string[])[]): HTMLElement =>
  h(
    'div',
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': label },
    h(
      'table',
      {},
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          heads.map((head) => h('th', { scope: 'col' }, head)),
        ),
      ),
      h(
        'tbody',
        {},
        rows.map(([name, ...cells]) =>
          h(
            'tr',
            {},
            h('th', { scope: 'row' }, name),
            cells.map((cell) => h('td', {}, cell)),
          ),
        ),
      ),
    ),
  );

function figureRow({ title, unit, digits, scratch, pretrained }: StoryFigure): string[] {
  const difference = scratch === null || pretrained === null ? null : pretrained - scratch;
  const sign = difference !== null && Number(difference.toFixed(digits)) > 0 ? '+' : '';
  const text = (value: number | null): string => (value === null ? '–' : `${fixed(value, digits)}${unit}`);
  return [title, text(scratch), text(pretrained), `${sign}${text(difference)}`];
}

function quadsOf({ subject, slice, views }: StoryStudy): Quad[] {
  const { plane, grey } = slice;
  const image = windowedImage(grey, plane.columns, plane.rows, 0, 255);
  const common = { image: null, strong: true } as const;
  return [
    { key: `${subject}/slice`, plane, image, colour: '#8a939c', strong: true },
    ...views.flatMap(({ real, planned, view }, i): Quad[] => [
      { ...common, key: `${subject}/${view}/real`, plane: real, colour: css(i) },
      { ...common, key: `${subject}/${view}/planned`, plane: planned, colour: css(i), dashed: true },
    ]),
  ];
}

/** What came out: figures with and without, planes in figures and in the patient. */
export class Outcome {
  readonly #tables = h('div', {});
  readonly #planes = new Planes();
  readonly #study = select([]);
  readonly #words = h('div', { class: 'finding' });
  readonly #scene = h(
    'div',
    {},
    field('Test heart', this.#study),
    this.#planes.element,
    this.#words,
    h('p', { class: 'hint' }, 'Real planes solid, planned ones dashed. Drag to turn, scroll to zoom.'),
  );
  readonly element = h('div', { hidden: true }, this.#tables, this.#scene);
  #outcome: StoryOutcome | null = null;
  readonly #fail: (error: unknown) => void;

  constructor(fail: (error: unknown) => void) {
    this.#fail = fail;
    this.#study.addEventListener('change', () => this.draw());
  }

  show(outcome: StoryOutcome | null): void {
    this.element.hidden = outcome === null;
    if (outcome === this.#outcome || outcome === null) return;
    this.#outcome = outcome;
    const { figures, planes, refused, studies } = outcome;
    fill(
      this.#tables,
      h('h3', {}, 'With the masks of five hearts'),
      table('Comparison', ['', 'From scratch', 'Pretrained', 'Difference'], figures.map(figureRow)),
      h(
        'p',
        { class: 'hint' },
        'One draw of five hearts with the same budget each: too few to tell. npm start takes two draws, and planewise experiment as many as you ask for, with intervals.',
      ),
      h('h3', {}, 'Planes planned on the test hearts'),
      planes.length > 0
        ? table(
            'Planes',
            ['Median of', 'Planes', 'Angle', 'trivial', 'Distance', 'trivial'],
            planes.map(({ view, planes: own, own: { angleDeg, distanceMm }, usual }) => [
              ...[view, count(own), `${fixed(angleDeg, 1)}°`],
              usual ? `${fixed(usual.angleDeg, 1)}°` : '–',
              `${fixed(distanceMm, 1)} mm`,
              usual ? `${fixed(usual.distanceMm, 1)} mm` : '–',
            ]),
          )
        : h('p', {}, 'No plane could be planned: the network found too few lines. Pretrain for longer.'),
      planes.length > 0 && refused > 0
        ? h('p', { class: 'hint' }, `${plural(refused, 'plane')} could not be planned: too few lines.`)
        : null,
    );
    this.#scene.hidden = studies.length === 0;
    setOptions(
      this.#study,
      studies.map(({ subject, place }, i) => ({ value: String(i), label: `${subject}, ${place}` })),
      String(Math.floor(studies.length / 2)),
    );
    this.draw();
  }

  /** Only what is seen has a size to be drawn at. */
  draw(): void {
    const study = this.#outcome?.studies[Number(this.#study.value)];
    if (!study || this.element.closest('[hidden]')) return;
    fill(
      this.#words,
      study.views.map(({ view, angleDeg, distanceMm }) =>
        h('p', {}, `${view}: planned ${fixed(angleDeg, 1)}° and ${fixed(distanceMm, 1)} mm off.`),
      ),
    );
    const main = [study.slice.plane, ...study.views.map(({ real }) => real)];
    this.#planes.show(study.subject, main, quadsOf(study)).catch(this.#fail);
  }
}
