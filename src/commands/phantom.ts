/** @file `planewise phantom`: writes a seeded synthetic cohort, for trying everything without patient data. */

import type { Command } from 'commander';
import { quoted } from '../base/shell.ts';
import { plural } from '../base/words.ts';
import { type PhantomCohortOptions, writePhantomCohort } from '../data/phantom.node.ts';
import { PHANTOM_ANATOMIES, type PhantomAnatomy } from '../data/phantom.ts';
import { startProgress } from '../train/progress.ts';
import { Option } from './commandline.ts';
import { addExample } from './help.ts';
import { note, parseNumber, printJson, suggest } from './output.ts';

interface PhantomArguments {
  readonly json?: boolean;
  readonly out: string;
  readonly subjects: number;
  readonly seed: number;
  readonly anatomy: PhantomAnatomy;
  readonly layout?: string;
  readonly difficulty: NonNullable<PhantomCohortOptions['difficulty']>;
  readonly phases?: number;
  readonly size?: number;
  readonly spacing?: number;
}

async function phantom({ json, out, spacing, ...given }: PhantomArguments): Promise<void> {
  const progress = startProgress('phantom', given.subjects);
  const options = { ...given, ...(spacing !== undefined && { spacingMm: spacing }) };
  const written = await writePhantomCohort(out, options, ({ done }) => progress.update(done));
  progress.end();
  if (json) return printJson({ out, ...written });
  const megabytes = (written.bytes / 1e6).toFixed(1);
  note(`${out}: ${plural(written.subjects, 'subject')}, ${plural(written.files, 'file')}, ${megabytes} MB`);
  suggest(`prepare ${quoted(out)} --out <store>`);
}

export function addPhantom(program: Command): void {
  addExample(program.command('phantom'), 'phantom --out cohort/ --subjects 20 --seed 7')
    .description(
      'write a synthetic cohort: DICOM studies, and labelled volumes laid out as ACDC (hearts) or MRNet (knees)',
    )
    .requiredOption('--out <folder>', 'a new or empty folder')
    .addOption(
      new Option('--anatomy <name>', 'what it is a cohort of').choices(PHANTOM_ANATOMIES).default('heart'),
    )
    .option(
      '--layout <name>',
      'the only layout to write: dicom; acdc of hearts, mrnet of knees (default: both)',
    )
    .option('--subjects <count>', 'number of subjects', parseNumber, 8)
    .option('--seed <seed>', 'the same seed gives the same bytes', parseNumber, 1)
    .addOption(
      new Option('--difficulty <level>', 'how much anatomy and image quality vary')
        .choices(['easy', 'mid', 'hard'])
        .default('mid'),
    )
    .option('--phases <count>', 'cardiac phases of hearts (default: 2)', parseNumber)
    .option('--size <pixels>', 'side of the images (default: 128; knees: 256)', parseNumber)
    .option('--spacing <mm>', 'pixel spacing (default: 256 / size; knees: 140 / size)', parseNumber)
    .option('--json', 'print JSON')
    .action(phantom);
}
