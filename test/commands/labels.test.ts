import { expect, it } from 'vitest';
import { reasonLines } from '../../src/commands/labels.ts';
import { labelStudies } from '../../src/data/labels.ts';
import { dsbccSubject } from '../data/studies.ts';

it('every reason for a missing label is told once, with its message', async () => {
  const files = [...dsbccSubject('1'), ...dsbccSubject('2', 1).filter(({ path }) => !path.includes('4ch'))];
  const { images } = await labelStudies(files);
  expect(images).toHaveLength(8);
  expect(reasonLines(images)).toEqual([
    'NO_REFERENCE: The subject has no 4-chamber image.',
    expect.stringMatching(/^ONE_LOCATION: .*\.$/),
  ]);
  expect(reasonLines(images.slice(0, 6))).toEqual([]);
});
