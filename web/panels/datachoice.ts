/** @file Which of the kept data sets is meant, and the way to the first. */
import type { App } from '../app.ts';
import { count, field, h, type Notice, type Option, plural, select, setOptions } from '../dom.ts';
import type { KeptData, TrainingForm } from '../protocol.ts';

/** What to do while there is no data. */
export const toData = 'Make hearts or knees, or open a folder.';

/** A way to the Data panel, for the others. */
export function dataLink(app: App): HTMLElement {
  const link = h('button', { type: 'button', class: 'link' }, toData);
  link.addEventListener('click', () => app.openTab('data'));
  return link;
}

/** Data sets of one name are told apart by their size. */
const optionOf = ({ key, name, subjects, images, size, targetView }: KeptData): Option => ({
  value: key,
  label: `${name}: ${plural(subjects, 'subject')}, ${count(images)} images, ${targetView}, ${size} px`,
});

/** The data set that is looked at, studied and trained on; out of the way while there is one only. */
export function dataChoice(app: App, label: string, notice: Notice): HTMLElement {
  const control = select([]);
  const element = field(label, control);
  control.addEventListener('change', async () => {
    notice.clear();
    try {
      app.set(await app.client.request('chooseData', control.value));
    } catch (error) {
      control.value = app.state.data?.key ?? '';
      notice.fail(error);
    }
  });
  app.watch(({ data, sets }, before) => {
    element.hidden = sets.length < 2;
    if (sets !== before.sets || control.options.length === 0) setOptions(control, sets.map(optionOf));
    control.value = data?.key ?? '';
  });
  return element;
}

export interface BesideChoice {
  readonly element: HTMLElement;
  read(): Pick<TrainingForm, 'beside'>;
  write(key: string | undefined): void;
}

const none: Option = { value: '', label: 'nothing' };

/** Whether one network can train on both. */
const fits = (one: KeptData, other: KeptData): boolean =>
  one.size === other.size && one.spacingMm === other.spacingMm && one.targetView === other.targetView;

/** Data trained on beside those that are chosen, without what is annotated of them. */
export function besideChoice(app: App): BesideChoice {
  const control = select([none]);
  const hint =
    'Its images train too, in tasks that need no mask and no group (planewise --unlabelled). Who validates and who tests are of the data above.';
  const element = field('Train beside on', control, hint);
  let others: readonly KeptData[] = [];
  app.watch(({ data, sets }) => {
    const own = sets.find(({ key }) => key === data?.key);
    others = own ? sets.filter((other) => other !== own && fits(own, other)) : [];
    element.hidden = others.length === 0;
    const chosen = control.value;
    const options = [none, ...others.map(optionOf)];
    const shown = [...control.options].map(({ value, text }) => value + text);
    // a list that is open closes when it is filled anew
    if (shown.join() !== options.map(({ value, label }) => value + label).join())
      setOptions(control, options, others.some(({ key }) => key === chosen) ? chosen : none.value);
  });
  return {
    element,
    read: () => (control.value ? { beside: control.value } : {}),
    write: (key) => {
      control.value = others.some((other) => other.key === key) ? key! : none.value;
    },
  };
}
