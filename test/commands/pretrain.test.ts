import { describe, expect, it } from 'vitest';
import { CommandLine } from '../../src/commands/commandline.ts';
import { addConfigOptions, givenBy, type Values } from '../../src/commands/config.ts';
import { addLabels } from '../../src/commands/labels.ts';
import { addTune } from '../../src/commands/tune.ts';
import type { GivenConfig } from '../../src/run/config.ts';
import { pretraining } from '../../src/run/job.ts';
import { tasks } from '../../src/tasks/index.ts';

/** What the configuration's options make of arguments. */
async function given(...args: string[]): Promise<GivenConfig> {
  const command = new CommandLine().exitOverride().configureOutput({ writeErr: () => {} });
  addConfigOptions(command, pretraining);
  return givenBy(command.parse(args, { from: 'user' }).opts<Values>());
}

async function refusal(add: (program: CommandLine) => void, ...args: string[]): Promise<string> {
  const program = new CommandLine();
  add(program);
  for (const command of program.commands) command.exitOverride().configureOutput({ writeErr: () => {} });
  return program.parseAsync(args, { from: 'user' }).then(
    () => 'accepted',
    (error: Error) => error.message,
  );
}

describe('what the command line gives', () => {
  it('is refused with the flag and the value as they were written', async () => {
    await expect(given('--lr', '-1')).rejects.toThrow(/^command line: --lr -1: a number above 0 is needed/);
    await expect(given('--task', 'foo')).rejects.toThrow(
      `: --task foo: one of ${tasks.map(({ name }) => name).join(', ')} is needed`,
    );
    await expect(given('--task', 'location,location')).rejects.toThrow(
      /--task \["location","location"\]: names/,
    );
    await expect(given('--seed', '1.5')).rejects.toThrow(/: --seed 1\.5: a whole number from 0 is needed/);
    await expect(given('--set', 'alpha=-1')).rejects.toThrow(
      /: --set tasks.orientation.weight=-1: a number above 0 is needed/,
    );
    await expect(given('--set', 'augmentation.gain=[2,1]')).rejects.toThrow(
      /--set augmentation\.gain=\[2,1\]: /,
    );
    await expect(given('--set', 'augmentation.gain=[0,1]')).rejects.toThrow(
      /--set augmentation\.gain\.0=0: /,
    );
  });
});

describe('options of numbers', () => {
  it('give seconds to tuning, 0 too', async () => {
    expect(await given('--tune')).toEqual({ tune: 60 });
    expect(await given('--tune', '0', '--lr', '1e-4')).toEqual({ tune: 0, learningRate: 1e-4 });
  });

  it('are refused by name where the number cannot be', async () => {
    await expect(given('--tune', '-3')).rejects.toThrow(': --tune -3: a number from 0 is needed');
    expect(await refusal(addTune, 'tune', '--seconds', '-3')).toContain(': --seconds -3: a number from 0 is');
    expect(await refusal(addLabels, 'labels', '.', '--size', '-5')).toContain(
      ': --size -5: a whole number above',
    );
    expect(await refusal(addLabels, 'labels', '.', '--spacing', '0')).toContain(
      ': --spacing 0: a number above 0',
    );
  });
});
