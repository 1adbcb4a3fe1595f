/** @file The whole story on one button: pretraining, fine-tuning with and without it, planes; its progress and outcome. */
import { fixed } from '../../src/results/result.ts';
import type { App } from '../app.ts';
import {
  action,
  card,
  count,
  field,
  fill,
  h,
  Notice,
  numberInput,
  plural,
  select,
  setOptions,
} from '../dom.ts';
import { css, windowedImage } from '../draw.ts';
import type {
  StoryFigure,
  StoryInfo,
  StoryOutcome,
  StoryProgress,
  StorySize,
  StoryStage,
  StoryStudy,
} from '../protocol/story.ts';
import type { Quad } from '../scene.ts';
import { Planes } from './planes.ts';

const titles: Readonly<Record<StoryStage, string>> = {
  hearts: 'Hearts are made',
  pretraining: 'Pretraining without a label',
  scratch: 'Fine-tuning on five labelled hearts, from scratch',
  pretrained: 'The same from the pretrained encoder',
  planes: 'Planes planned on the test hearts',
};
const stages = Object.keys(titles) as StoryStage[];

const states: Readonly<Record<StoryInfo['state'], string>> = {
  running: 'Running.',
  paused: 'Stopped. What is done is kept.',
  finished: 'Finished.',
  failed: 'Stopped by an error',
};

interface SizeInputs {
  readonly element: HTMLElement;
  read(): StorySize;
}

function sizeInputs({ hello: { storySize } }: App): SizeInputs {
  const labels: Readonly<Record<keyof StorySize, string>> = {
    hearts: 'Hearts without labels',
    pretrainingSteps: 'Steps of pretraining',
    steps: 'Steps of fine-tuning',
    testHearts: 'Test hearts',
  };
  const keys = Object.keys(labels) as (keyof StorySize)[];
  const inputs = keys.map((key) => {
    const least = { hearts: 5, pretrainingSteps: 1, steps: 1, testHearts: 3 }[key];
    return [key, numberInput(storySize[key], { min: least })] as const;
  });
  const element = h(
    'details',
    {},
    h('summary', {}, 'How much of it'),
    h(
      'div',
      { class: 'fields' },
      inputs.map(([key, input]) => field(labels[key], input)),
    ),
  );
  const read = (): StorySize => {
    for (const [key, input] of inputs)
      if (!input.checkValidity()) throw new Error(`${labels[key]}: ${input.min} at least.`);
    return Object.fromEntries(
      inputs.map(([key, input]) => [key, input.valueAsNumber]),
    ) as unknown as StorySize;
  };
  return { element, read };
}

/** What is done, what goes on, what is to come. */
class Stages {
  readonly #bar = h('progress', { 'aria-label': 'Progress of this part', max: 1, value: 0 });
  readonly #detail = h('span', { class: 'hint' });
  readonly #items = stages.map((stage) => ({ stage, element: h('li', {}) }));
  readonly element = h(
    'div',
    {},
    h(
      'ol',
      { class: 'stages' },
      this.#items.map(({ element }) => element),
    ),
    this.#bar,
    this.#detail,
  );

  show({ state, stage }: StoryInfo): void {
    const at = state === 'finished' ? stages.length : stages.indexOf(stage);
    for (const [i, { stage: own, element }] of this.#items.entries()) {
      element.className = i < at ? 'done' : i === at ? 'now' : '';
      element.textContent = `${titles[own]}${i < at ? ' ✓' : ''}`;
    }
    const running = state === 'running';
    this.#bar.hidden = !running;
    this.#detail.hidden = !running;
    this.#bar.removeAttribute('value');
    this.#detail.textContent = '';
  }

  progress({ done, total }: StoryProgress): void {
    this.#bar.max = total;
    this.#bar.value = done;
    this.#detail.textContent = ` ${count(done)} of ${count(total)}`;
  }
}

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
class Outcome {
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
    const { figures, planes, studies } = outcome;
    fill(
      this.#tables,
      h('h3', {}, 'Does pretraining help?'),
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

export function storyCard(app: App): HTMLElement {
  const notice = new Notice();
  const size = sizeInputs(app);
  const progress = new Stages();
  const outcome = new Outcome((error) => notice.fail(error));
  const status = h('p', { class: 'strong', role: 'status' });
  const begin = (resume: boolean) => () => {
    app.client.request('story', { size: size.read(), resume }).catch((error) => {
      // a story that fails says so itself
      if (error.message !== app.state.story?.message) notice.fail(error);
    });
  };
  const start = action('Start', notice, begin(false), 'primary');
  const resume = action('Go on', notice, begin(true), 'primary');
  const stop = action('Stop', notice, () => app.client.request('stopStory', null));
  const { hearts, testHearts } = app.hello.storySize;
  const about = h(
    'p',
    { class: 'hint' },
    `All of planewise on built-in hearts: pretraining on ${count(hearts)} without a label, segmentation of five labelled ones from scratch and from what was learnt, with the same budget, both measured on ${plural(testHearts, 'other heart')}, and planes planned on these. As npm start, with one draw of labelled hearts instead of two. Minutes on a GPU; on a processor alone about five, twice that on an older one. It stays apart from the data and the run above.`,
  );
  app.client.on('storyProgress', (event) => progress.progress(event));
  app.watch(({ story }) => {
    const running = story?.state === 'running';
    progress.element.hidden = story === null;
    status.hidden = story === null;
    if (story) {
      const words = `${states[story.state]}${story.message ? `: ${story.message}` : ''}`;
      if (status.textContent !== words) status.textContent = words;
      progress.show(story);
    }
    start.hidden = running;
    start.textContent = story ? 'Start anew' : 'Start';
    resume.hidden = story === null || running || story.state === 'finished';
    start.className = resume.hidden ? 'primary' : 'plain';
    stop.hidden = !running;
    size.element.hidden = running;
    outcome.show(story?.outcome ?? null);
  });
  app.onOpen((tab) => {
    if (tab === 'train') outcome.draw();
  });
  return card(
    'Does pretraining help?',
    about,
    size.element,
    h('div', { class: 'actions' }, start, resume, stop),
    notice.element,
    status,
    progress.element,
    outcome.element,
  );
}
