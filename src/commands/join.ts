/** @file `planewise join`: several prepared stores as one. */
import type { Command } from 'commander';
import { quoted } from '../base/shell.ts';
import { plural } from '../base/words.ts';
import { joinStores } from '../run/joinstores.node.ts';
import { startProgress } from '../train/progress.ts';
import { addExample } from './help.ts';
import { note, printJson, suggest } from './output.ts';

interface JoinArguments {
  readonly out: string;
  readonly json?: boolean;
}

async function join(stores: readonly string[], { out, json }: JoinArguments): Promise<void> {
  const progress = startProgress('joining stores', stores.length);
  const { manifest, images, subjects } = await joinStores(stores, out, (done) => progress.update(done));
  progress.end();
  const { size, spacingMm, targetView } = manifest;
  if (json) return printJson({ store: out, targetView, size, spacingMm, images, subjects });
  const what = `${plural(images, 'image')} of ${targetView}, ${plural(subjects, 'subject')}`;
  note(`${out}: ${what}, ${size}×${size} at ${spacingMm} mm`);
  suggest(`pretrain --data ${quoted(out)} --out <folder>`);
}

export function addJoin(program: Command): void {
  addExample(program.command('join'), 'join store-1/ store-2/ --out store/')
    .description('join prepared stores of the same grid, views and classes, of which no two have a subject')
    .argument('<stores...>', 'prepared stores, in the order in which their images are to stand')
    .requiredOption('--out <store>', 'the folder to write; an older store there is replaced')
    .option('--json', 'print JSON')
    .action(join);
}
