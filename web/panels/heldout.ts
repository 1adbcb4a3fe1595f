/** @file Who validates and tests: drawn, one of several folds, or as a file says. */
import type { App } from '../app.ts';
import { action, count, field, h, Notice, numberInput, readNumber, select } from '../dom.ts';
import type { PartCounts, TrainingForm } from '../protocol.ts';

type HeldOut = Pick<TrainingForm, 'fold' | 'split'>;

export interface HeldOutChoice {
  readonly element: HTMLElement;
  /** Throws where no file is loaded, or there is no such fold. */
  read(): HeldOut;
  write(form: HeldOut): void;
}

const ways = [
  { value: 'drawn', label: 'drawn by the seed' },
  { value: 'fold', label: 'one of several folds tests' },
  { value: 'file', label: 'as a split.json says' },
] as const;

/** 4 train, 1 validates, 1 tests. */
export function partsText({ train, rest, validation, test }: PartCounts): string {
  const parts = [
    `${count(train)} ${train === 1 ? 'trains' : 'train'}`,
    ...(rest > 0 ? [`${count(rest)} more on what is not annotated`] : []),
    `${count(validation)} ${validation === 1 ? 'validates' : 'validate'}`,
    `${count(test)} ${test === 1 ? 'tests' : 'test'}`,
  ];
  return parts.join(', ');
}

interface FoldFields {
  readonly element: HTMLElement;
  /** `2/5`. */
  read(): string;
  write(fold: string): void;
}

function foldFields(): FoldFields {
  const k = numberInput(1, { min: 1, max: 5 });
  const n = numberInput(5, { min: 2 });
  const limit = (): void => {
    k.max = n.value;
  };
  n.addEventListener('input', limit);
  return {
    element: h('div', { class: 'fields' }, field('Fold', k), field('of folds', n)),
    read: () => {
      const folds = readNumber(n, 'Folds');
      return `${readNumber(k, 'Fold')}/${folds}`;
    },
    write: (fold) => {
      [k.value, n.value] = fold.split('/') as [string, string];
      limit();
    },
  };
}

export function heldOutChoice(app: App): HeldOutChoice {
  const way = select(ways);
  const fold = foldFields();
  const notice = new Notice();
  let split: HeldOut['split'];
  const input = h('input', {
    ...{ type: 'file', accept: '.json', class: 'hidden-input', tabindex: -1, 'aria-label': 'Split file' },
  });
  const told = (): void => {
    if (split) notice.show(`${split.file}: ${partsText(split.counts)}.`, 'good');
    else notice.clear();
  };
  const load = action('Load a split.json', notice, () => {
    told();
    input.click();
  });
  input.addEventListener('change', async () => {
    const file = input.files?.[0];
    input.value = '';
    if (!file) return;
    try {
      split = await app.client.request('readSplit', { name: file.name, text: await file.text() });
      told();
    } catch (error) {
      notice.fail(error);
    }
  });
  const file = h('div', {}, h('div', { class: 'actions' }, load, input), notice.element);
  const show = (): void => {
    fold.element.hidden = way.value !== 'fold';
    file.hidden = way.value !== 'file';
  };
  way.addEventListener('change', show);
  show();
  return {
    element: h('div', { class: 'rows' }, field('Who validates and tests', way), fold.element, file),
    read: () => {
      if (way.value === 'fold') return { fold: fold.read() };
      if (way.value !== 'file') return {};
      if (split) return { split };
      throw new Error('No split.json is loaded. Load one, or have the subjects drawn.');
    },
    write: (form) => {
      ({ split } = form);
      way.value = form.fold ? 'fold' : form.split ? 'file' : 'drawn';
      if (form.fold) fold.write(form.fold);
      told();
      show();
    },
  };
}
