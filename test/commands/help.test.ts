/** @file The help of every command: an example that the command takes, and what holds where an option is not given. */
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { givenBy, type Values } from '../../src/commands/config.ts';
import { planewise } from '../../src/commands/program.ts';
import { presets } from '../../src/run/config.ts';

const program = () => planewise('1.2.3', null);

const withOwn = (command: Command): Command[] => [command, ...command.commands.flatMap(withOwn)];

function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (more) => (text += more) });
  command.outputHelp();
  return text;
}

/** A line's words; what stands in quotes is one. */
const wordsOf = (line: string): string[] =>
  [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);

/** Which command takes a line, and with which options. */
async function taken(line: string): Promise<{ path: string; options: Record<string, unknown> }> {
  const found: { path: string; options: Record<string, unknown> }[] = [];
  const whole = program();
  for (const command of withOwn(whole)) {
    command.exitOverride().configureOutput({ writeErr: () => {} });
    if (command.commands.length === 0)
      command.action(() => void found.push({ path: pathOf(command), options: command.opts() }));
  }
  await whole.parseAsync(wordsOf(line), { from: 'user' });
  return found[0]!;
}

const commands = withOwn(program());

describe('the help of every command', () => {
  it.each(commands.map((command) => [pathOf(command), command] as const))(
    'ends with an example that is taken: %s',
    async (path, command) => {
      const [, line] = /\n\nExample:\n {2}npx planewise (.+)\n$/.exec(helpOf(command)) ?? [];
      expect(line).toBeDefined();
      const { path: by, options } = await taken(line!);
      expect(by.startsWith(path)).toBe(true);
      if (command.options.some(({ long }) => long === '--set')) await givenBy(options as Values);
    },
  );

  it('says what holds where an option with a value is not given', () => {
    expect(commands.length).toBeGreaterThan(15);
    for (const command of commands)
      for (const option of command.options) {
        if (option.mandatory || !(option.required || option.optional)) continue;
        const text = command.createHelp().optionDescription(option);
        expect(text, `${pathOf(command)} ${option.flags}`).toMatch(/default: \S/);
      }
  });

  it('has the defaults of the preset that the command begins with', () => {
    const help = (name: string) =>
      helpOf(commands.find((command) => command.name() === name)!).replace(/\s+/g, ' ');
    for (const [name, preset] of [
      ['pretrain', 'small'],
      ['finetune', 'finetune'],
    ] as const) {
      const { steps, batch, learningRate, size, spacingMm, seed, tasks } = presets[preset];
      for (const text of [
        `--steps <count> training steps (default: ${steps})`,
        `--batch <images> images in a step (default: ${batch})`,
        `--lr <rate> learning rate (default: ${learningRate})`,
        `side of the prepared images (default: ${size};`,
        `pixel spacing of the prepared images (default: ${spacingMm};`,
        `on the same adapter (default: ${seed})`,
        `(default: ${Object.keys(tasks).join(',')})`,
      ])
        expect(help(name)).toContain(text);
    }
    const { size } = presets.small;
    expect(help('prepare')).toContain(`side of the prepared image (default: ${size};`);
  });
});
