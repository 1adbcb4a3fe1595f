/** @file What a job is to do before it begins: of a run of an earlier version, and on a rank that does not see the first one's files. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { writeStore } from '../../src/data/store.node.ts';
import { type GivenConfig, presets, resolveConfig } from '../../src/run/config.ts';
import { fineTuning, pretraining } from '../../src/run/job.ts';
import { configTexts } from '../../src/run/saved.node.ts';
import { type JobRequest, readFound, settle } from '../../src/run/settle.node.ts';
import { tinyData } from '../train/tiny.ts';

const settled = async (request: JobRequest) => settle(request, await readFound(request));

let out: string;
beforeAll(async () => {
  out = await mkdtemp(join(tmpdir(), 'planewise-settle-'));
});
afterAll(() => rm(out, { recursive: true }));

it('labelled subjects of a run that knew no groups are drawn as before, and of a new one by their groups', async () => {
  const { stratify: _, ...before } = { ...presets.finetune, labelled: 5, out };
  await writeFile(join(out, 'config.json'), JSON.stringify(before));
  const resumed = await settled({ kind: fineTuning, given: { out }, resume: true });
  expect(resumed.config).toEqual({ ...before, stratify: false });
  const begun = await settled({
    kind: fineTuning,
    given: { labelled: 5, out: join(out, 'new') },
    resume: false,
  });
  expect(begun.config.stratify).toBe(true);
});

it('a rank that sees neither the run nor the store of the first one settles as that does', async () => {
  const store = join(out, 'store');
  await writeStore(store, tinyData());
  const there = join(out, 'trained');
  const given = { data: store, out: there };
  const [begun, resumed] = [
    { kind: pretraining, given, resume: false },
    { kind: pretraining, given: { out: there }, resume: true },
  ];
  const told = async (request: JobRequest) => JSON.parse(JSON.stringify(await readFound(request)));
  const first = await settled(begun);
  expect(first.config).toMatchObject({ size: 16, spacingMm: 8 });
  const found = await told(begun);
  await mkdir(there);
  await writeFile(join(there, 'config.json'), JSON.stringify(first.config));
  const goesOn = await told(resumed);
  await Promise.all([store, there].map((folder) => rm(folder, { recursive: true })));
  expect(await settle(begun, found)).toEqual(first);
  expect((await settle(resumed, goesOn)).config).toEqual(first.config);
});

it('a run goes on with settings that a new one is refused for', async () => {
  const far = { ...presets.small, augmentation: { ...presets.small.augmentation, shiftPx: 99 } };
  const moved = join(out, 'moved');
  await mkdir(moved);
  await writeFile(join(moved, 'config.json'), JSON.stringify({ ...far, out: moved }));
  const { config } = await settled({ kind: pretraining, given: { out: moved, tune: 1 }, resume: true });
  expect(config).toMatchObject({ tune: 1, augmentation: { shiftPx: 99 } });
});

it('a run of before slices without labels had a word goes on without them', async () => {
  const old = join(out, 'old');
  await mkdir(old);
  for (const tasks of [presets.acdc.tasks, { rotation: { weight: 1 } }]) {
    const { emptySlices: _, ...before } = { ...presets.acdc, data: 'acdc', tasks, out: old };
    await writeFile(join(old, 'config.json'), JSON.stringify(before));
    const resumed = await settled({ kind: fineTuning, given: { out: old }, resume: true });
    expect(resumed.config.emptySlices).toBe('unknown');
  }
});

describe('a run whose images are prepared', () => {
  const run = () => join(out, 'prepared-run');
  const resumed = (given: GivenConfig) =>
    settled({ kind: fineTuning, given: { ...given, out: run() }, resume: true });
  const begin = async (given: GivenConfig) => {
    const config = resolveConfig({ preset: 'finetune', ...given, out: run() });
    const { shared, local } = configTexts(config, false);
    await mkdir(run(), { recursive: true });
    await writeFile(join(run(), 'config.json'), shared);
    if (local) await writeFile(join(run(), 'local.json'), local);
    return config;
  };
  beforeEach(() => rm(run(), { recursive: true, force: true }));

  const others: GivenConfig[] = [
    { target: 'sagittal' },
    { map: ['sax=short-axis'] },
    { emptySlices: 'background' },
    { size: 32 },
    { spacingMm: 7 },
    { phantom: { seed: 99 } },
    { phantom: { difficulty: 'hard' } },
    { data: 'elsewhere' },
    { unlabelled: 'elsewhere' },
    { preset: 'zhang2024' },
  ];
  const named = (given: GivenConfig): [string, GivenConfig] => [JSON.stringify(given), given];

  it.each(others.map(named))(
    'refuses %s, which changes nothing any more, and takes it before',
    async (_, given) => {
      const data = given.phantom ? null : 'studies';
      const before = await begin({ data, unlabelled: 'further', tasks: ['segmentation', 'location'] });
      const { config } = await resumed(given);
      expect(config).not.toEqual(before);
      for (const folder of ['', 'unlabelled']) await writeStore(join(run(), folder, 'prepared'), tinyData());
      await expect(resumed(given)).rejects.toThrow(
        /^(data|unlabelled|target|map|emptySlices|size|spacingMm|phantom\.\w+) was .+, and the run's images are prepared (with|from) the former\. Leave it as it was/,
      );
    },
  );

  it('is told what it was begun with again, in other words, too', async () => {
    const config = await begin({ data: 'studies', size: 48, spacingMm: 5, steps: 40 });
    await writeStore(join(run(), 'prepared'), tinyData());
    const { out: _, ...whole } = config;
    for (const given of [{ preset: 'finetune' }, { data: './studies', size: 48 }, whole] as GivenConfig[]) {
      const { config: again } = await resumed(given);
      expect({ ...again, data: resolve(again.data!) }).toEqual({ ...config, data: resolve('studies') });
    }
  });

  it('takes another store, which is compared with what it trained on, and refuses another size of it', async () => {
    const [store, moved] = ['store-1', 'store-2'].map((name) => join(out, name)) as [string, string];
    for (const folder of [store, moved]) await writeStore(folder, tinyData());
    await begin({ data: store, size: 16, spacingMm: 8 });
    expect((await resumed({ data: moved })).config.data).toBe(moved);
    await expect(resumed({ size: 32 })).rejects.toThrow(/size was 16, is 32/);
    await rm(store, { recursive: true });
    await expect(resumed({ data: moved, size: 32 })).rejects.toThrow(/size was 16, is 32/);
  });

  it('takes any folder where what said which it was is lost', async () => {
    await begin({ data: 'studies' });
    await writeStore(join(run(), 'prepared'), tinyData());
    await expect(resumed({ data: 'moved' })).rejects.toThrow(/data was studies, is moved/);
    await rm(join(run(), 'local.json'));
    expect((await resumed({ data: 'moved' })).config.data).toBe('moved');
  });
});
