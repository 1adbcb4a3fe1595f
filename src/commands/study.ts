/** @file Options that `labels` and `prepare` share: how images become views, slices and labels. */
import type { Command } from 'commander';
import { printable } from '../base/printable.ts';
import { identifierChoices } from '../data/identifiers/pseudonyms.ts';
import type { LabelOptions } from '../data/labels.ts';
import { phantomTraits } from '../data/phantom/names.ts';
import type { Progress as Pass } from '../data/scan.ts';
import { VIEW_RULE, type ViewRule, viewRuleIn } from '../data/study/views.ts';
import { defaultSize, defaultSpacingMm, maskedGrid } from '../data/usualgrid.ts';
import { type Progress, startProgress } from '../train/progress.ts';
import { Needed, Option } from './commandline.ts';
import { orElse } from './help.ts';
import { collect, parseCount, parsePositive } from './output.ts';

export interface StudyArguments {
  readonly json?: boolean;
  readonly map?: LabelOptions['views'];
  readonly target?: string;
  readonly reference?: readonly string[];
  readonly referenceSlice?: readonly (readonly [string, number])[];
  readonly subjects?: LabelOptions['subjects'];
  readonly location?: LabelOptions['locationDirection'];
  readonly size?: number;
  readonly spacing?: number;
}

/** Of --map. */
export function parseMap(text: string): ViewRule {
  const rule = viewRuleIn(text);
  if (!rule) throw new Needed(VIEW_RULE);
  return rule;
}

function parseSlice(text: string): readonly [string, number] {
  const [, view, slice] = /^(.+)=(\d+)$/.exec(text) ?? [];
  if (!view) throw new Needed('view=slice, such as long-axis=3,');
  return [view, Number(slice)];
}

/** What people and files are called in what a command writes. */
export const identifiersOption = (): Option =>
  new Option(
    '--identifiers <what>',
    'what people and files are called in what is written: pseudonyms, or keep their names',
  )
    .choices(identifierChoices)
    .default('pseudonyms');

/** Adds the options that say which views and whose images are. */
export function addSubjectOptions(command: Command): Command {
  return command
    .option(
      '--map <name=view>',
      orElse('a folder, series or description that is a view; may be repeated', 'none'),
      collect(parseMap),
    )
    .addOption(
      new Option(
        '--subjects <rule>',
        'what tells subjects apart (default: auto, PatientID where it can be trusted)',
      ).choices(['auto', 'patient', 'folder']),
    );
}

/** Adds the shared options to a command. */
export function addStudyOptions(command: Command): Command {
  return addSubjectOptions(command)
    .option('--target <view>', 'the view to label (default: short-axis)')
    .option(
      '--reference <view>',
      orElse(
        'a view whose planes make lines; may be repeated',
        '2-chamber and 4-chamber, else all others; of knees the other planes of the body',
      ),
      collect(String),
    )
    .option(
      '--reference-slice <view=n>',
      orElse('the slice to use of a reference view that is a stack; may be repeated', 'its middle'),
      collect(parseSlice),
    )
    .addOption(
      new Option('--location <direction>', orElse('which end of a stack is 0', 'anatomical')).choices([
        'anatomical',
        'zhang2024',
      ]),
    )
    .option(
      '--size <pixels>',
      `side of the prepared image (default: ${defaultSize}; of volumes with masks ${maskedGrid.size})`,
      parseCount,
    )
    .option(
      '--spacing <mm>',
      `pixel spacing of the prepared image (default: what shows ${defaultSize * defaultSpacingMm} mm; of volumes with masks ${maskedGrid.size * maskedGrid.spacingMm} mm, of knees ${phantomTraits.knee.fieldMm} mm)`,
      parsePositive,
    )
    .option('--json', 'print JSON');
}

/** A progress line for each phase of a pass over files; call `end` when the pass is over. */
function passProgress(): { onProgress: (pass: Pass) => void; end: () => void } {
  let phase = '';
  let line: Progress | undefined;
  return {
    onProgress(pass) {
      if (pass.phase !== phase) {
        line?.end();
        line = startProgress(pass.phase === 'scan' ? 'reading headers' : 'reading images', pass.total);
        phase = pass.phase;
      }
      line?.update(pass.done, printable(pass.file));
    },
    end: () => line?.end(),
  };
}

/** Runs a pass over a folder's files with the options of the command line and a progress line. */
export async function withStudyOptions<T>(
  folder: string,
  given: StudyArguments,
  pass: (options: LabelOptions) => Promise<T>,
): Promise<T> {
  const progress = passProgress();
  const options: LabelOptions = {
    from: folder,
    ...(given.map && { views: given.map }),
    ...(given.target && { targetView: given.target }),
    ...(given.reference && { referenceViews: given.reference }),
    ...(given.referenceSlice && { referenceSlice: Object.fromEntries(given.referenceSlice) }),
    ...(given.subjects && { subjects: given.subjects }),
    ...(given.location && { locationDirection: given.location }),
    ...(given.size !== undefined && { size: given.size }),
    ...(given.spacing !== undefined && { spacingMm: given.spacing }),
    onProgress: progress.onProgress,
  };
  try {
    return await pass(options);
  } finally {
    progress.end();
  }
}
