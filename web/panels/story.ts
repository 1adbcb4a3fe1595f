/** @file The whole story on one button: pretraining, fine-tuning with and without it, planes; its progress and outcome. */
import type { App } from '../app.ts';
import { action, card, count, field, h, Notice, numberInput, plural, readNumber } from '../dom.ts';
import type { StoryInfo, StoryProgress, StorySize, StoryStage } from '../protocol/story.ts';
import { Outcome } from './storyoutcome.ts';

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
    return Object.fromEntries(
      inputs.map(([key, input]) => [key, readNumber(input, labels[key])]),
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
      element.textContent = `${titles[own]}${i < at ? ': done' : ''}`;
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
  const start = action('Find out', notice, begin(false), 'primary');
  const resume = action('Go on', notice, begin(true), 'primary');
  const stop = action('Stop', notice, () => app.client.request('stopStory', null));
  const { hearts, testHearts } = app.hello.storySize;
  const about = h(
    'p',
    { class: 'hint' },
    `All of planewise on built-in hearts: pretraining on ${count(hearts)} without a label, learning masks of five labelled ones from scratch and from what was learnt, with the same budget, both measured on ${plural(testHearts, 'other heart')}, and planes planned on these. As npm start, with one draw of labelled hearts instead of two. Without a GPU it takes minutes too, about as many as npm start. It can be stopped, or the page closed, and goes on later; the data and the run above are left alone.`,
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
    start.textContent = story ? 'Find out anew' : 'Find out';
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
