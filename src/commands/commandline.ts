/** @file The command line as planewise reads it: commander, with what it refuses said as of every other value. */
import { type Argument, Command, Option as CommanderOption, type Option as PlainOption } from 'commander';
import { ConfigError } from '../base/errors.ts';
import { meant, refused } from '../base/needed.ts';
import { plural } from '../base/words.ts';

const refuse = (text: string): ConfigError => new ConfigError(`command line: ${text}`);

/** An option's description without what holds where it is not given. */
const about = ({ description }: PlainOption): string => description.replace(/ \(default: .*\)$/s, '');

/** Thrown by the reader of an option's value: what is needed there. */
export class Needed extends Error {}

/** An option, whose value is refused with its flag and what was given. */
export class Option extends CommanderOption {
  override argParser<T>(read: (text: string, before: T) => T): this {
    return super.argParser<T>((text, before) => {
      try {
        return read(text, before);
      } catch (error) {
        if (!(error instanceof Needed)) throw error;
        throw refuse(`${refused(`${this.long} `, text, `${error.message} is needed`)}.`);
      }
    });
  }

  override choices(values: readonly string[]): this {
    super.choices(values);
    return this.argParser<string>((text) => {
      if (values.includes(text)) return text;
      throw new Needed(`one of ${values.join(', ')}`);
    });
  }
}

/** A command, all of whose own commands are such. The methods without `override` are those that commander calls to refuse. */
export class CommandLine extends Command {
  constructor(name?: string) {
    super(name);
    // what follows a command is the command's, also where this one has an option of that name
    this.enablePositionalOptions();
  }

  override createCommand(name?: string): CommandLine {
    return new CommandLine(name);
  }

  override createOption(flags: string, description?: string): Option {
    return new Option(flags, description);
  }

  /** `planewise weights export`, as it is typed. */
  get #path(): string {
    return `${this.parent instanceof CommandLine ? `${this.parent.#path} ` : ''}${this.name()}`;
  }

  get #help(): string {
    return `"${this.#path} --help" says what there is.`;
  }

  unknownOption(flag: string): never {
    const known = this.createHelp()
      .visibleOptions(this)
      .flatMap(({ long }) => long ?? []);
    throw refuse(`${flag}: no option of ${this.#path}; ${meant([flag], known)}${this.#help}`);
  }

  unknownCommand(): never {
    const name = this.args[0]!;
    const known = this.commands.map((command) => command.name());
    throw refuse(`${name}: no command of ${this.#path}; ${meant([name], known)}${this.#help}`);
  }

  missingArgument(name: string): never {
    const words = this.registeredArguments.find(
      (argument: Argument) => argument.name() === name,
    )!.description;
    throw refuse(`<${name}> is missing: ${this.#path} needs it (${words}).`);
  }

  missingMandatoryOptionValue(option: PlainOption): never {
    throw refuse(`${option.flags} is missing: ${this.#path} needs it (${about(option)}).`);
  }

  optionMissingArgument(option: PlainOption): never {
    throw refuse(`${option.flags}: the value is missing (${about(option)}).`);
  }

  _excessArguments(received: readonly string[]): never {
    const known = this.registeredArguments.map((argument) => `<${argument.name()}>`);
    const [first] = received.slice(known.length);
    const takes =
      known.length > 0 ? `${plural(known.length, 'argument')}, ${known.join(' ')}` : 'no argument';
    throw refuse(
      `${first}: ${this.#path} takes ${takes}. Leave it out, or put a name with spaces in quotes.`,
    );
  }
}
