/** @file Configurations that come of the page's form. */
import { expect, it } from 'vitest';
import { ConfigError } from '../../src/base/errors.ts';
import { configOf, furtherSettings, pagePresets } from '../../web/work/forms.ts';

const { form, grid } = pagePresets.small!;

it('every further setting has its path and its usual value', () => {
  const settings = new Map(furtherSettings(form, grid).map(({ path, value }) => [path, value]));
  const config = configOf(form, grid);
  expect(settings.get('augmentation.rotationDeg')).toBe(config.augmentation.rotationDeg);
  expect(settings.get('model.width')).toBe(config.model.width);
  for (const task of form.tasks)
    expect([...settings.keys()].some((path) => path.startsWith(`tasks.${task}.`))).toBe(true);
  for (const own of ['batch', 'seed', 'size', 'data', 'phantom.seed']) expect(settings.has(own)).toBe(false);
  expect(furtherSettings({ ...form, set: { 'model.width': 8 } }, grid)).toEqual(furtherSettings(form, grid));
});

it('each can be set to what it is, and to something else', () => {
  const all = Object.fromEntries(furtherSettings(form, grid).map(({ path, value }) => [path, value]));
  expect(configOf({ ...form, set: all }, grid)).toEqual(configOf(form, grid));
  const other = configOf(
    { ...form, set: { 'augmentation.rotationDeg': 7, [`tasks.${form.tasks[0]}.weight`]: 3 } },
    grid,
  );
  expect(other.augmentation.rotationDeg).toBe(7);
  expect(other.tasks[form.tasks[0]!]).toMatchObject({ weight: 3 });
});

it.each([
  ['augmentation.rotationDeg', -1],
  ['augmentation.rotation', 1],
  ['model.width', 'wide'],
  ['__proto__', 1],
])('%s=%j is refused by name', (path, value) => {
  const making = (): unknown => configOf({ ...form, set: { [path]: value } }, grid);
  expect(making).toThrow(ConfigError);
  expect(making).toThrow(path.split('.').at(-1)!);
});
