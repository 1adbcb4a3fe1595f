/** @file What a shader's text says of how it is run: its constants, worked out. */

/** Values of overrides that are set. */
export type Constants = Readonly<Record<string, number>>;

type Names = (name: string) => number;

/** `4u * LANES`, `min(QUADS, 16u)`: whole numbers with + − * / %, parentheses, min and max. */
class Expression {
  readonly #tokens: string[];
  readonly #names: Names;

  constructor(text: string, names: Names) {
    this.#tokens = text.match(/\d+|[A-Za-z_]\w*|[-+*/%(),]/g) ?? [];
    this.#names = names;
  }

  /** Operators of one precedence, from left to right. */
  #chain(operators: string, operand: () => number): number {
    let value = operand();
    while (this.#tokens.length > 0 && operators.includes(this.#tokens[0]!)) {
      const operator = this.#tokens.shift();
      const other = operand();
      if (operator === '+') value += other;
      else if (operator === '-') value -= other;
      else if (operator === '*') value *= other;
      else if (operator === '/') value = Math.trunc(value / other);
      else value %= other;
    }
    return value;
  }

  #atom(): number {
    const token = this.#tokens.shift() ?? '';
    if (token === '(') return this.#closed();
    if (/^\d/.test(token)) {
      // its type
      if (/^[ui]$/.test(this.#tokens[0] ?? '')) this.#tokens.shift();
      return Number(token);
    }
    if (this.#tokens[0] !== '(') return this.#names(token);
    this.#tokens.shift();
    const [a, b] = [this.value(), this.#closed()];
    if (token === 'min') return Math.min(a, b);
    if (token === 'max') return Math.max(a, b);
    throw new Error(`The shader's ${token}() is not known here.`);
  }

  #closed(): number {
    const value = this.value();
    this.#tokens.shift();
    return value;
  }

  value(): number {
    const value = this.#chain('+-', () => this.#chain('*/%', () => this.#atom()));
    if (this.#tokens[0] === ',') this.#tokens.shift();
    return value;
  }
}

/** A constant or an override of a shader. @throws Error where the text has none of this name */
function constantIn(code: string, constants: Constants, name: string): number {
  const set = constants[name];
  if (set !== undefined) return set;
  const declared = new RegExp(`^(?:const|override) ${name}\\b[^=]*=\\s*([^;]+);`, 'm').exec(code)?.[1];
  if (declared === undefined) throw new Error(`The shader does not say what ${name} is.`);
  return valueIn(code, constants, declared);
}

function valueIn(code: string, constants: Constants, text: string): number {
  return new Expression(text, (name) => constantIn(code, constants, name)).value();
}

/** Invocations in a workgroup of an entry point. @throws Error where the text does not say it */
export function invocationsOf(code: string, entry: string, constants: Constants): number {
  const size = new RegExp(`@workgroup_size\\(([^)]*)\\)\\s*fn ${entry}\\b`).exec(code)?.[1];
  if (size === undefined) throw new Error(`No entry point ${entry} with a workgroup size.`);
  return size.split(',').reduce((product, one) => product * valueIn(code, constants, one), 1);
}

/** Terms of its sums that a product does a round: the constant DEPTH, 16 where there is none. */
export function roundDepthOf(code: string): number {
  return /^const DEPTH\b/m.test(code) ? constantIn(code, {}, 'DEPTH') : 16;
}
