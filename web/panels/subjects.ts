/** @file The list of subjects to choose from; those that the run does not train on are marked. */
import type { State } from '../app.ts';
import { setOptions } from '../dom.ts';

/** Fills a list and keeps what was chosen, where it is still there. */
export function listSubjects(control: HTMLSelectElement, { data, run }: State): void {
  const names = data?.subjects ?? [];
  const held = new Set(run?.dataName === data?.name ? run?.heldOut : []);
  const chosen = names.includes(control.value) ? control.value : names[0];
  const options = names.map((name) => ({ value: name, label: held.has(name) ? `${name} (held out)` : name }));
  const shown = [...control.options].map(({ text }) => text);
  // a list that is open closes when it is filled anew
  if (shown.join() !== options.map(({ label }) => label).join()) setOptions(control, options, chosen);
}
