/** @file What a job is to do before it begins: of a run of an earlier version, and on a rank that does not see the first one's files. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeStore } from '../../src/data/store.node.ts';
import { presets } from '../../src/run/config.ts';
import { fineTuning, pretraining } from '../../src/run/job.ts';
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

it('a run of before slices without labels had a word goes on without them, and refuses another word', async () => {
  const old = join(out, 'old');
  await mkdir(old);
  for (const tasks of [presets.acdc.tasks, { rotation: { weight: 1 } }]) {
    const { emptySlices: _, ...before } = { ...presets.acdc, data: 'acdc', tasks, out: old };
    await writeFile(join(old, 'config.json'), JSON.stringify(before));
    const resumed = await settled({ kind: fineTuning, given: { out: old }, resume: true });
    expect(resumed.config.emptySlices).toBe('unknown');
    const given = { out: old, emptySlices: 'background' } as const;
    await expect(settled({ kind: fineTuning, given, resume: true })).rejects.toThrow(
      /emptySlices was unknown, is background, and the run's images are prepared with the former/,
    );
  }
});
