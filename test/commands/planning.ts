/** @file A network that draws lines, trained for a few steps on crossed planes, and `plan` with it. */
import { readFile } from 'node:fs/promises';
import { beforeAll } from 'vitest';
import { addPlan } from '../../src/commands/plan.ts';
import { addPretrain } from '../../src/commands/pretrain.ts';
import { study } from './crossed.ts';
import { terminal, useFolder, write } from './terminal.ts';

/** In a folder of its own: `run` the training, `studies` two studies that are new to it. */
export function usePlanning() {
  const at = useFolder();

  const plan = (folder: string, ...args: string[]) =>
    terminal(
      addPlan,
      ...[
        'plan',
        '--identifiers',
        'keep',
        '--adapter',
        'swiftshader',
        '--weights',
        at('run'),
        '--study',
        at(folder),
        ...args,
      ],
    );

  const opened = async (...path: string[]) => new Uint8Array(await readFile(at(...path)));

  beforeAll(async () => {
    await write(at('train'), Array.from({ length: 14 }, (_, n) => study(n + 1)).flat());
    await terminal(
      (program) => addPretrain(program, null),
      ...[
        'pretrain',
        '--identifiers',
        'keep',
        '--adapter',
        'swiftshader',
        '--data',
        at('train'),
        '--out',
        at('run'),
      ],
      ...['--size', '32', '--spacing', '8', '--batch', '8', '--steps', '120', '--lr', '2e-2', '--width', '4'],
      ...[
        '--task',
        'orientation',
        '--set',
        'model.depth=2',
        '--set',
        'validateEvery=120',
        '--set',
        'testFraction=0.36',
      ],
    );
    await write(at('studies'), [...study(21), ...study(22)]);
  }, 240_000);

  return { at, plan, opened };
}
