/** @file The Train panel: settings, start, pause, resume and stop, beside the run they lead to. */
import type { App } from '../app.ts';
import { action, bringIntoView, card, count, h, Notice } from '../dom.ts';
import type { DataInfo, RunInfo } from '../protocol.ts';
import { dataLink } from './datachoice.ts';
import { partsText } from './heldout.ts';
import { RunView } from './run.ts';
import { type RunForm, runForm } from './runform.ts';
import { KeptRuns } from './runs.ts';
import { storyCard } from './story.ts';

/** Below this, a tenth of the subjects rounds to none. */
const FEWEST = 5;

const states: Readonly<Record<RunInfo['state'], string>> = {
  running: 'Training',
  paused: 'Paused',
  finished: 'Finished',
  failed: 'Stopped by an error',
};

interface Controls {
  readonly element: HTMLElement;
  show(run: RunInfo | null, hasData: boolean): void;
}

function controls(app: App, form: RunForm, view: RunView, notice: Notice): Controls {
  const train = async (resume: boolean): Promise<void> => {
    const { run } = app.state;
    const chosen = resume && run ? run.form : form.read();
    view.begin(resume && run ? run.step : 0);
    await app.client.request('train', { form: chosen, resume });
  };
  const begin = (resume: boolean) => () => {
    bringIntoView(view.element);
    train(resume).catch((error) => {
      // a run that fails says so itself
      if (error.message !== app.state.run?.message) notice.fail(error);
    });
  };
  const smaller = action(
    'Try',
    notice,
    () => {
      form.write({ ...form.read(), batch: app.state.run?.smallerBatch ?? form.read().batch });
      begin(false)();
    },
    'primary',
  );
  const start = action('Start', notice, begin(false), 'primary');
  const resume = action('Resume', notice, begin(true), 'primary');
  const pause = action('Pause', notice, () => app.client.request('pause', null));
  const stop = action('Stop', notice, () => app.client.request('stop', null));
  const results = action('Use the weights', notice, () => app.openTab('use'));
  return {
    element: h('div', { class: 'actions' }, smaller, start, resume, pause, stop, results),
    show: (run, hasData) => {
      const state = run?.state;
      const going = state === 'running';
      const halted = state === 'paused' || (state === 'failed' && run!.step > 0);
      const batch = state === 'failed' ? run?.smallerBatch : undefined;
      smaller.hidden = batch === undefined || !hasData;
      smaller.textContent = `Start with a batch of ${count(batch ?? 0)}`;
      start.hidden = going || !hasData;
      start.textContent = run ? 'Start a new run' : 'Start';
      start.className = halted || batch ? 'plain' : 'primary';
      resume.hidden = !halted || !hasData;
      resume.textContent = `Resume from step ${count(run?.step ?? 0)}`;
      pause.hidden = !going;
      stop.hidden = !going && state !== 'paused';
      results.hidden = !run?.hasWeights || going;
    },
  };
}

export function trainPanel(app: App): HTMLElement {
  const notice = new Notice();
  const form = runForm(app);
  const view = new RunView(app);
  const buttons = controls(app, form, view, notice);
  const status = h('p', { class: 'strong', role: 'status' });
  const source = h('p', { class: 'hint' });
  const empty = h('p', {}, 'There is no data yet. ', dataLink(app));
  const tellState = (): void => {
    const { run } = app.state;
    const words = run ? stateWords(run, view.started) : '';
    // Read out when it changes, so not set anew each step.
    if (status.textContent !== words) status.textContent = words;
  };
  app.client.on('warning', (text) => notice.show(text, 'info'));
  // what was refused may be right now; told at once, for a page that grows shorter under a click loses the click
  form.element.addEventListener('input', () => notice.clearError());
  if (app.state.run) form.write(app.state.run.form);
  app.watch(({ data, run }, before) => {
    if (data && data.size !== before.data?.size && !run) form.write(presetFor(app, data.size));
    form.disable(run?.state === 'running');
    buttons.show(run, data !== null);
    empty.hidden = data !== null;
    source.textContent = data ? sourceWords(data) : '';
    view.show(run);
    tellState();
  });
  app.client.on('metrics', tellState);
  const begun = h(
    'p',
    { class: 'hint' },
    'Curves, pace and predictions on held-out slices appear here once a training runs.',
  );
  const background = h('p', { class: 'hint' });
  const division = h('p', { class: 'hint' });
  app.watch(({ run }) => {
    begun.hidden = run !== null;
    division.hidden = run === null;
    division.textContent = run ? divisionWords(run) : '';
    background.hidden = run?.state !== 'running';
    const kept = run?.step ? `step ${count(run.step)}` : 'its start';
    background.textContent = `It goes on while this tab is in the background. If the tab is closed, it can be resumed from ${kept}.`;
  });
  const own = h(
    'div',
    { class: 'layout narrow' },
    card('Training', empty, source, form.element, buttons.element, notice.element),
    card('Run', status, division, begun, background, view.element, new KeptRuns(app, view).element),
  );
  return h('div', { class: 'train' }, own, storyCard(app));
}

function stateWords({ state, message }: RunInfo, started: boolean): string {
  if (state === 'running' && !started) return 'Starting: the network’s shaders are compiled.';
  return `${states[state]}${message ? `: ${message}` : ''}`;
}

/** What a run is on, and who has which part in it. */
function divisionWords({ dataName, besideName, parts, form: { fold, split } }: RunInfo): string {
  const data = besideName ? `${dataName}, beside ${besideName}` : dataName;
  const by = fold ? ` (fold ${fold})` : split ? ` (${split.file})` : '';
  return parts ? `On ${data}: ${partsText(parts)}${by}.` : `On ${data}.`;
}

/** What a training would be on. */
function sourceWords({ name, images, size, subjects }: DataInfo): string {
  const few =
    subjects.length < FEWEST ? ' With so few subjects none is held out: the last weights are kept.' : '';
  return `On ${name}: ${count(images)} images of ${size} px.${few}`;
}

/** The preset whose grid the data was prepared for. */
function presetFor(app: App, size: number) {
  const all = Object.values(app.hello.presets);
  return (all.find(({ grid }) => grid.size === size) ?? all[0]!).form;
}
