/** @file The list of subjects to choose from; those that the run does not train on are marked. */
import type { State } from '../app.ts';
import { setOptions } from '../dom.ts';

/** Whether a run is on these data; of earlier visits, by their name. */
const isOn = ({ run, data }: State): boolean =>
  run?.dataName === data?.name && (run?.data === undefined || run.data === data?.key);

/** Fills a list and keeps what was chosen, where it is still there. */
export function listSubjects(control: HTMLSelectElement, state: State): void {
  const { data, run } = state;
  const names = data?.subjects ?? [];
  const held = new Set(isOn(state) ? run?.heldOut : []);
  const chosen = names.includes(control.value) ? control.value : names[0];
  const options = names.map((name) => ({ value: name, label: held.has(name) ? `${name} (held out)` : name }));
  const shown = [...control.options].map(({ text }) => text);
  // a list that is open closes when it is filled anew
  if (shown.join() !== options.map(({ label }) => label).join()) setOptions(control, options, chosen);
}
