/** @file Names that every object answers to, as names of tasks, subjects and settings: unknown, or names like any others. */
import { describe, expect, it } from 'vitest';
import { PlanewiseError } from '../../src/base/errors.ts';
import { groupOf } from '../../src/data/groups.ts';
import { openFiles } from '../../src/data/sources/open.ts';
import { viewName } from '../../src/data/viewnames.ts';
import { parseGiven, resolveConfig, upgradeTrained } from '../../src/run/config.ts';
import { readExperiment } from '../../src/run/experiment/file.ts';

const names = ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf'];

/** As a file has it: a literal would set a prototype. */
const json = (text: string): unknown => JSON.parse(text);

describe.each(names)('%s', (name) => {
  const refused = (text: string): void =>
    expect(() => resolveConfig(parseGiven(json(text), 'a.json')), text).toThrow(PlanewiseError);

  it('is no task, preset, model or adapter', () => {
    for (const key of ['preset', 'adapter', 'schedule', 'precision']) refused(`{"${key}":"${name}"}`);
    refused(`{"model":{"name":"${name}"}}`);
    refused(`{"tasks":["${name}"]}`);
    refused(`{"phantom":{"anatomy":"${name}"}}`);
  });

  it('is no key of a configuration or a section', () => {
    for (const value of ['1', 'null', '{}', '"a"']) {
      expect(() => parseGiven(json(`{"${name}":${value}}`), 'a.json'), value).not.toThrow(TypeError);
      for (const section of ['tasks', 'taskSettings', 'model', 'rates', 'augmentation', 'phantom']) {
        const text = `{"${section}":{"${name}":${value}}}`;
        try {
          resolveConfig(parseGiven(json(text), 'a.json'));
        } catch (error) {
          expect(error, text).toBeInstanceOf(PlanewiseError);
        }
      }
    }
  });

  it('stops no experiment’s file but by a ConfigError', () => {
    const file = (more: string): string =>
      `{"name":"a","base":{},"initialisations":{"scratch":null${more}},"labelled":[5],"seeds":[1]}`;
    for (const more of [
      `,"${name}":null`,
      `,"${name}":{"of":"${name}"}`,
      `,"b":{"of":"${name}"}`,
      `,"b":{"pretraining":{"${name}":1}}`,
      `,"b":{"pretraining":{},"transfer":{"${name}":1}}`,
      `},"subjects":{"${name}":1`,
      `},"subjects":{"same":{"${name}":"${name}"}`,
      `},"${name}":{"a":1`,
    ])
      try {
        readExperiment(file(more), 'a.json');
      } catch (error) {
        expect(error, more).toBeInstanceOf(PlanewiseError);
      }
  });

  it('is a subject without a group, a view without a word and no source', async () => {
    expect(groupOf({ groups: { a: 'NOR' } }, 'pathology', name)).toBeNull();
    expect(groupOf({ labels: {} }, name, 'a')).toBeNull();
    expect(viewName(name)).toBe(name);
    await expect(openFiles([], { source: name })).rejects.toThrow(PlanewiseError);
  });
});

it('configurations of checkpoints that are none are refused by name', () => {
  for (const config of [null, [], 'a', { model: [] }, { model: 'a' }])
    expect(() => upgradeTrained(config, 'checkpoint')).toThrow(/^checkpoint: says nothing/);
});
