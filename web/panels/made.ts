/** @file The card of built-in studies: phantom hearts and knees, made in place. */
import { PHANTOM_ANATOMIES, type PhantomAnatomy, phantomTraits } from '../../src/data/phantom/names.ts';
import { BODY_PLANES } from '../../src/data/viewnames.ts';
import type { App } from '../app.ts';
import { action, card, field, h, Notice, numberInput, readNumber, select } from '../dom.ts';
import type { Difficulty } from '../protocol.ts';
import type { ProgressBar } from './progress.ts';

const options = (names: readonly string[]) => names.map((name) => ({ value: name, label: name }));

const about: Readonly<Record<PhantomAnatomy, string>> = {
  heart: 'Synthetic beating hearts with exact geometry, to try everything without a file.',
  knee: 'Synthetic knees in sagittal, coronal and axial stacks: slices of one show where the middle planes of the others lie.',
};

/** Trainings differ by grid, so the studies are prepared for one of the presets. */
export function madeCard(app: App, progress: ProgressBar): HTMLElement {
  const notice = new Notice();
  const { presets } = app.hello;
  const anatomy = select(options(PHANTOM_ANATOMIES));
  const subjects = numberInput(60, { min: 3, max: 2000 });
  const difficulty = select(options(['easy', 'mid', 'hard']), 'mid');
  const phases = numberInput(2, { min: 1, max: 30 });
  const target = select(options(BODY_PLANES));
  const seed = numberInput(1, { min: 0 });
  const preset = select(
    Object.entries(presets).map(([value, { title, grid }]) => ({
      value,
      label: `${title}, ${grid.size} px`,
    })),
  );
  const chosen = () => anatomy.value as PhantomAnatomy;
  const subjectsLabel = (): string => (chosen() === 'heart' ? 'Hearts' : 'Knees');
  const make = action(
    '',
    notice,
    async () => {
      const { grid, heartsImageSize } = presets[preset.value]!;
      const { beats, targetView } = phantomTraits[chosen()];
      const settings = {
        // hearts as visits before there was a choice kept them
        ...(chosen() !== 'heart' && { anatomy: chosen() }),
        ...(targetView !== null && { targetView: target.value }),
        subjects: readNumber(subjects, subjectsLabel()),
        difficulty: difficulty.value as Difficulty,
        phases: beats ? readNumber(phases, 'Cardiac phases') : 1,
        seed: readNumber(seed, 'Seed'),
        imageSize: heartsImageSize,
        ...grid,
      };
      app.set(await progress.run(`Making ${chosen()}s`, () => app.client.request('makeStudies', settings)));
    },
    'primary',
  );
  const subjectsField = field(subjectsLabel(), subjects);
  const phasesField = field('Cardiac phases', phases);
  const targetField = field('Slices of', target);
  const words = h('p', {});
  const show = (): void => {
    const { beats, targetView } = phantomTraits[chosen()];
    words.textContent = about[chosen()];
    subjectsField.querySelector('label')!.textContent = subjectsLabel();
    phasesField.hidden = !beats;
    targetField.hidden = targetView === null;
    if (targetView !== null) target.value = targetView;
    make.textContent = `Make ${chosen()}s`;
  };
  anatomy.addEventListener('change', show);
  show();
  return card(
    'Built-in studies',
    words,
    h(
      'div',
      { class: 'fields' },
      field('Anatomy', anatomy),
      subjectsField,
      field('Difficulty', difficulty),
      phasesField,
      targetField,
      field('Seed', seed),
      field('Prepare for', preset),
    ),
    h('div', { class: 'actions' }, make),
    notice.element,
  );
}
