import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { either, fields, flag, list, number, oneOf, shapeOf, text } from '../../src/tasks/settings.ts';

interface Settings {
  readonly weight: number;
  readonly on: boolean;
  readonly kind: 'a' | 'b';
}

const weight = number({ above: 0, to: 2 });
const kind = oneOf(['a', 'b']);

/** What is wrong with a value, path by path. */
const faults = (schema: z.ZodMiniType, value: unknown) =>
  z.safeParse(schema, value).error?.issues.map(({ path, message }) => [path.join('.'), message]);

describe('the shape of a section', () => {
  it('fits its interface, or does not compile', () => {
    const shape = shapeOf<Settings>();
    const fitting = { weight, on: flag, kind };
    expect(shape(fitting)).toBe(fitting);
    // @ts-expect-error a key is missing
    shape({ weight, on: flag });
    // @ts-expect-error the interface has no such key
    shape({ ...fitting, more: flag });
    // @ts-expect-error a flag is no number
    shape({ ...fitting, weight: flag });
    // @ts-expect-error the interface has 'b' too
    shape({ ...fitting, kind: oneOf(['a']) });
    // @ts-expect-error the interface has no 'c'
    shape({ ...fitting, kind: oneOf(['a', 'b', 'c']) });
  });

  it('gives schemas that can be put together', () => {
    const section = fields(shapeOf<Settings>()({ weight, on: flag, kind }));
    const whole = fields({ name: text, section: z.partial(section) });
    expect(faults(whole, { name: 'x', section: { on: true } })).toBeUndefined();
    expect(faults(whole, { name: 'x', section: { weight: 3, onn: true }, more: 1 })).toEqual([
      ['section.weight', 'a number above 0 to 2 is needed'],
      ['section', 'did you mean on? known are weight, on, kind'],
      ['', 'known are name, section'],
    ]);
    expect(faults(whole, 1)).toEqual([['', 'an object is needed']]);
    expect(faults(section, { weight: 1 })).toEqual([
      ['on', 'true or false is needed'],
      ['kind', 'one of a, b is needed'],
    ]);
  });

  it('takes a value of one kind or another, and says which where it is neither', () => {
    const weights = either(oneOf(['equal']), list(number({ from: 0 })), 'equal or a list of numbers');
    for (const value of ['equal', [0, 2.5], []]) expect(faults(weights, value)).toBeUndefined();
    for (const value of ['other', 3, null])
      expect(faults(fields({ weights }), { weights: value })).toEqual([
        ['weights', 'equal or a list of numbers is needed'],
      ]);
    expect(faults(fields({ weights }), { weights: [1, -1] })).toEqual([
      ['weights.1', 'a number from 0 is needed'],
    ]);
  });
});
