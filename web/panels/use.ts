/** @file The Use panel: weights loaded or taken from the run, their predictions on any study, downloads. */
import { keyName } from '../../src/data/identifiers/keytext.ts';
import type { App } from '../app.ts';
import { action, card, count, download, fill, h, Notice } from '../dom.ts';
import type { WeightsSummary } from '../protocol.ts';
import { Predictor } from './predictor.ts';
import { ProgressBar } from './progress.ts';

function facts(weights: WeightsSummary): HTMLElement {
  const { name, tells, size, spacingMm, network, parameters, steps, saw } = weights;
  const rows: [string, string][] = [
    ['Weights', name],
    ['Predicts', tells.join('; ')],
    ['Images', `${size} × ${size} px of ${spacingMm} mm`],
    ['Network', `${network}, ${count(parameters)} parameters`],
    ...(steps ? [['Trained', `${count(steps)} steps`] as [string, string]] : []),
    ...(saw ? [['Pretrained on', saw] as [string, string]] : []),
  ];
  return h(
    'dl',
    { class: 'facts' },
    rows.map(([term, value]) => [h('dt', {}, term), h('dd', {}, value)]),
  );
}

function weightsCard(app: App): HTMLElement {
  const notice = new Notice();
  const body = h('div', {});
  const input = h('input', {
    type: 'file',
    accept: '.safetensors',
    class: 'hidden-input',
    tabindex: -1,
    'aria-label': 'Weights file',
  });
  const load = action('Load a .safetensors file', notice, () => input.click());
  const own = action('Use the run’s weights', notice, () => useRun(app), 'primary');
  const builtin = action('Use the built-in weights', notice, () => useBuiltin(app));
  input.addEventListener('change', () => {
    const file = input.files?.[0];
    input.value = '';
    if (!file) return;
    notice.clear();
    readWeights(app, file).catch((error) => notice.fail(error));
  });
  app.watch(({ weights, run }) => {
    own.hidden = !run?.hasWeights || run.state === 'running';
    fill(
      body,
      weights
        ? facts(weights)
        : h(
            'p',
            {},
            'None yet. Weights come from a run here, from planewise on the command line, or from PyTorch with the same names. The built-in ones were pretrained on synthetic hearts; no patient’s image was among them.',
          ),
      weights && !weights.described
        ? h(
            'p',
            { class: 'notice info' },
            'The file does not say how its images were prepared; size and spacing are those of the data at hand.',
          )
        : null,
    );
  });
  return card('Weights', body, h('div', { class: 'actions' }, own, load, builtin, input), notice.element);
}

/** Loads the weights that come with the page, which are fetched at the first time. */
export async function useBuiltin(app: App): Promise<void> {
  app.set({ weights: await app.client.request('loadBuiltinWeights', null) });
}

/** Loads the weights of the run that is looked at. */
export async function useRun(app: App): Promise<void> {
  app.set({ weights: await app.client.request('loadRunWeights', null) });
}

async function readWeights(app: App, file: File): Promise<void> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const weights = await app.client.request('loadWeights', { name: file.name, bytes }, [bytes.buffer]);
  app.set({ weights });
}

function downloadsCard(app: App): HTMLElement {
  const notice = new Notice();
  const progress = new ProgressBar(app);
  const weights = action('Weights (.safetensors)', notice, async () =>
    download('weights.safetensors', await app.client.request('runWeights', null), 'application/octet-stream'),
  );
  const report = action('Report (.html)', notice, async () => {
    const html = await progress.run('Evaluating held-out subjects', () => app.client.request('report', null));
    download('report.html', html, 'text/html');
  });
  const split = action('Split (.json)', notice, async () =>
    download('split.json', await app.client.request('runSplit', null), 'application/json'),
  );
  const key = action('Key to the names', notice, async () =>
    download(keyName, await app.client.request('key', null), 'application/jsonl'),
  );
  const about = h(
    'p',
    { class: 'hint' },
    'Reports and archives of predictions call people by pseudonyms. The key says whom they stand for: keep it with the images, and give it to nobody who may not know.',
  );
  const empty = h('p', {}, 'A finished run leaves its best weights and a report here.');
  const buttons = h('div', { class: 'actions' }, weights, report, split);
  const names = h('div', {}, h('div', { class: 'actions' }, key), about);
  app.watch(({ run, data }) => {
    const ready = run?.hasWeights === true && run.state !== 'running';
    empty.hidden = ready;
    buttons.hidden = !ready;
    report.hidden = !data;
    // archives have pseudonyms too, whatever weights they are by
    names.hidden = data?.kind !== 'folder';
  });
  return card('From the run', empty, buttons, names, progress.element, notice.element);
}

export function usePanel(app: App): HTMLElement {
  return h(
    'div',
    { class: 'layout narrow' },
    h('div', { class: 'stack' }, weightsCard(app), downloadsCard(app)),
    new Predictor(app).element,
  );
}
