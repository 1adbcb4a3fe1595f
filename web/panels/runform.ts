/** @file The form of a training: task, preset, batch, steps, learning rate and seed. */

import type { App } from '../app.ts';
import { action, field, h, Notice, numberInput, readNumber, select } from '../dom.ts';
import type { TrainingForm } from '../protocol.ts';
import { AllSettings } from './allsettings.ts';
import { besideChoice, dataChoice } from './datachoice.ts';
import { heldOutChoice } from './heldout.ts';
import { useBuiltin, useRun } from './use.ts';

export interface RunForm {
  readonly element: HTMLElement;
  read(): TrainingForm;
  write(form: TrainingForm): void;
  disable(disabled: boolean): void;
}

interface Inputs {
  readonly preset: HTMLSelectElement;
  readonly tasks: ReadonlyMap<string, HTMLInputElement>;
  readonly init: HTMLInputElement;
  readonly batch: HTMLInputElement;
  readonly steps: HTMLInputElement;
  readonly learningRate: HTMLInputElement;
  readonly seed: HTMLInputElement;
}

function makeInputs({ hello }: App): Inputs {
  return {
    preset: select(Object.entries(hello.presets).map(([value, { title }]) => ({ value, label: title }))),
    tasks: new Map(hello.tasks.map(({ name }) => [name, h('input', { type: 'checkbox' })])),
    init: h('input', { type: 'checkbox' }),
    batch: numberInput(16, { min: 1, max: 4096 }),
    steps: numberInput(1000, { min: 1 }),
    learningRate: numberInput(0.001, { min: 0, step: 'any' }),
    seed: numberInput(1, { min: 0 }),
  };
}

interface TaskBoxes {
  readonly element: HTMLElement;
  /** Has what is ticked in view. */
  show(): void;
}

/** The tasks that some preset has, then all others, which are out of the way until one is wanted. */
function taskBoxes({ hello }: App, { tasks }: Inputs): TaskBoxes {
  const box = ({ name, title, about }: (typeof hello.tasks)[number]): HTMLElement =>
    h(
      'label',
      { class: 'check tall' },
      tasks.get(name)!,
      h('span', {}, h('strong', {}, title), h('span', { class: 'hint' }, about)),
    );
  const [first, others] = [true, false].map((is) => hello.tasks.filter(({ usual }) => usual === is));
  const further = h(
    'details',
    {},
    h('summary', {}, 'Tasks of others, to compare with'),
    h('div', { class: 'stack' }, others!.map(box)),
  );
  return {
    element: h('fieldset', {}, h('legend', {}, 'Tasks'), first!.map(box), further),
    show: () => {
      if (others!.some(({ name }) => tasks.get(name)!.checked)) further.open = true;
    },
  };
}

/** To fine-tune: the model is then that of the weights. */
function initBox(app: App, { init }: Inputs): HTMLElement {
  const words = h('span', {}, 'Start from the loaded weights');
  const hint = h('span', { class: 'hint' });
  const notice = new Notice();
  const builtin = action('Take the built-in weights', notice, async () => {
    await useBuiltin(app);
    init.checked = true;
  });
  const own = action('Take the run’s weights', notice, async () => {
    await useRun(app);
    init.checked = true;
  });
  app.watch(({ weights, run }) => {
    init.disabled = weights === null;
    builtin.hidden = weights !== null;
    own.hidden = !run?.hasWeights || run.state === 'running';
    hint.textContent = weights
      ? `${weights.name}: ${weights.network}. What fits is taken over; heads of other tasks are left.`
      : 'Load some under Use first, or take the built-in ones: pretrained on synthetic hearts.';
  });
  return h(
    'div',
    {},
    h('label', { class: 'check tall' }, init, h('span', {}, words, hint)),
    h('div', { class: 'actions' }, own, builtin),
    notice.element,
  );
}

function readInputs(inputs: Inputs): TrainingForm {
  const tasks = [...inputs.tasks].flatMap(([name, { checked }]) => (checked ? [name] : []));
  if (tasks.length === 0) throw new Error('Choose at least one task.');
  return {
    preset: inputs.preset.value,
    tasks,
    init: inputs.init.checked && !inputs.init.disabled,
    batch: readNumber(inputs.batch, 'Batch'),
    steps: readNumber(inputs.steps, 'Steps'),
    learningRate: readNumber(inputs.learningRate, 'Learning rate'),
    seed: readNumber(inputs.seed, 'Seed'),
  };
}

export function runForm(app: App): RunForm {
  const inputs = makeInputs(app);
  const about = h('p', { class: 'hint' });
  const further = new AllSettings(app, () => readInputs(inputs));
  const boxes = taskBoxes(app, inputs);
  const notice = new Notice();
  const beside = besideChoice(app);
  const heldOut = heldOutChoice(app);
  const write = (form: TrainingForm): void => {
    inputs.preset.value = form.preset;
    for (const [name, input] of inputs.tasks) input.checked = form.tasks.includes(name);
    boxes.show();
    inputs.init.checked = form.init ?? false;
    beside.write(form.beside);
    heldOut.write(form);
    for (const key of ['batch', 'steps', 'learningRate', 'seed'] as const)
      inputs[key].value = String(form[key]);
    about.textContent = app.hello.presets[form.preset]?.about ?? '';
    further.write(form.set ?? {});
  };
  inputs.preset.addEventListener('change', () => write(app.hello.presets[inputs.preset.value]!.form));
  write(Object.values(app.hello.presets)[0]!.form);
  const set = h(
    'fieldset',
    { class: 'plain' },
    h('legend', { class: 'visually-hidden' }, 'Settings of the training'),
    dataChoice(app, 'Train on', notice),
    beside.element,
    notice.element,
    boxes.element,
    initBox(app, inputs),
    field('Preset', inputs.preset),
    about,
    h(
      'div',
      { class: 'fields' },
      field('Batch', inputs.batch),
      field('Steps', inputs.steps),
      field('Learning rate', inputs.learningRate),
      field('Seed', inputs.seed),
    ),
    heldOut.element,
    further.element,
  );
  set.addEventListener('change', ({ target }) => {
    if (!further.element.contains(target as Node)) further.refresh();
  });
  return {
    element: set,
    read: () => ({ ...readInputs(inputs), ...beside.read(), ...heldOut.read(), set: further.read() }),
    write,
    disable: (disabled) => {
      set.disabled = disabled;
    },
  };
}
