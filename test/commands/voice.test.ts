/** @file Every wrong value on the command line is refused in one form: what it is of, what it is, what is needed. */
import { describe, expect, it } from 'vitest';
import type { CommandLine } from '../../src/commands/commandline.ts';
import { givenBy, type Values } from '../../src/commands/config.ts';
import { addPhantom } from '../../src/commands/phantom.ts';
import { planewise } from '../../src/commands/program.ts';
import { foreign } from '../foreign.ts';
import { terminal } from './terminal.ts';

const form = /^[^:]+: .+ is needed(; .+ is needed)*\.$/;

/** All commands with what they do to their options alone. */
const program = (): CommandLine => planewise('0.0.0', null);

/** `weights export` and the like, with arguments that are asked for. */
interface Leaf {
  readonly path: readonly string[];
  readonly needed: readonly string[];
}

const isLeaf = ({ commands }: CommandLine): boolean => commands.length === 0;

function leavesOf(
  command: CommandLine,
  path: readonly string[] = [],
): { command: CommandLine; leaf: Leaf }[] {
  if (!isLeaf(command))
    return command.commands.flatMap((one) => leavesOf(one as CommandLine, [...path, one.name()]));
  const needed = [
    ...command.registeredArguments.map(() => 'given'),
    ...command.options.flatMap(({ mandatory, long }) => (mandatory ? [long!, 'given'] : [])),
  ];
  return [{ command, leaf: { path, needed } }];
}

/** What the command line says to arguments: nothing where they can be; no command does its work. */
async function said(...args: string[]): Promise<string> {
  const line = program();
  for (const { command } of leavesOf(line))
    command.action(async () => {
      if (command.options.some(({ long }) => long === '--set')) await givenBy(command.opts<Values>());
    });
  return line.parseAsync(args, { from: 'user' }).then(
    () => '',
    (error: Error) => error.message,
  );
}

/** Options whose value is whatever it is: paths and names. */
const free =
  /^--(out|data|split|unlabelled|target|init|weights|study|predictions|like|only|classes|reference|config|task|layout|unit)$/;

const wrong = ['', 'x', '-1', '1e99', '0'];

describe('a wrong value on the command line', () => {
  const leaves = leavesOf(program());
  const valued = leaves.flatMap(({ command, leaf }) =>
    command.options
      .filter(({ long, required, optional }) => (required || optional) && !free.test(long!))
      .map(({ long }) => ({ leaf, long: long! })),
  );

  it.each(leaves.map(({ leaf }) => leaf))(
    'of $path is refused with option, value and need',
    async ({ path, needed }) => {
      for (const { long } of valued.filter(({ leaf }) => leaf.path.join() === path.join())) {
        const all = await Promise.all(wrong.map((value) => said(...path, ...needed, long, value)));
        const refusals = all.filter((text) => text !== '');
        expect(refusals.length, `${path.join(' ')} ${long}`).toBeGreaterThan(0);
        for (const text of refusals) {
          expect(text).toMatch(form);
          expect(text).toMatch(new RegExp(`^command line: ${long} `));
          expect(text).not.toMatch(foreign);
        }
      }
    },
  );

  it('that phantom only knows when it begins is refused so, too', async () => {
    for (const [option, value] of [
      ['--subjects', '0'],
      ['--size', '7'],
      ['--spacing', '99'],
      ['--phases', '0.5'],
      ['--layout', 'x'],
    ]) {
      const refused = terminal(addPhantom, 'phantom', '--out', '/nowhere', option!, value!);
      await expect(refused).rejects.toThrow(/^phantom: \w+ \S+: .* (is|are) needed\.$/);
    }
  });
});

describe('what is not there, or too much', () => {
  it.each<[string, string[], RegExp]>([
    [
      'a misspelt command',
      ['pretrian'],
      /^command line: pretrian: no command of planewise; did you mean pretrain\? "planewise --help"/,
    ],
    [
      'a misspelt command of a command',
      ['weights', 'exprot', 'x'],
      /^command line: exprot: no command of planewise weights; did you mean export\?/,
    ],
    [
      'a misspelt option',
      ['pretrain', '--stpes', '3'],
      /^command line: --stpes: no option of planewise pretrain; did you mean --steps\?/,
    ],
    [
      'an option like no other',
      ['labels', 'x', '--zzzzzzzzz'],
      /^command line: --zzzzzzzzz: no option of planewise labels; "planewise labels --help" says/,
    ],
    [
      'a missing argument',
      ['labels'],
      /^command line: <folder> is missing: planewise labels needs it \(a folder of DICOM/,
    ],
    [
      'a missing option',
      ['phantom'],
      /^command line: --out <folder> is missing: planewise phantom needs it \(a new or empty folder\)/,
    ],
    [
      'an option without its value',
      ['pretrain', '--steps'],
      /^command line: --steps <count>: the value is missing \(training steps\)/,
    ],
    [
      'an argument too many',
      ['labels', 'a', 'b'],
      /^command line: b: planewise labels takes 1 argument, <folder>\. Leave it out/,
    ],
    ['an argument for none', ['tune', 'a'], /^command line: a: planewise tune takes no argument\./],
    [
      'a setting without a value',
      ['pretrain', '--set', 'steps'],
      /^command line: --set steps: key=value, such as batch=8, is needed\.$/,
    ],
    [
      'a misspelt setting',
      ['pretrain', '--set', 'stpes=3'],
      /^command line: unknown key "stpes"; did you mean steps\? known are /,
    ],
  ])('%s', async (_, args, message) => {
    const text = await said(...args);
    expect(text).toMatch(message);
    expect(text).not.toMatch(foreign);
  });
});
