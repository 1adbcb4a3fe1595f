/** @file What a job is to do before it begins, where the run it goes on with is of an earlier version. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { presets } from '../../src/run/config.ts';
import { fineTuning } from '../../src/run/job.ts';
import { settle } from '../../src/run/settle.node.ts';

let out: string;
beforeAll(async () => {
  out = await mkdtemp(join(tmpdir(), 'planewise-settle-'));
});
afterAll(() => rm(out, { recursive: true }));

it('labelled subjects of a run that knew no groups are drawn as before, and of a new one by their groups', async () => {
  const { stratify: _, ...before } = { ...presets.finetune, labelled: 5, out };
  await writeFile(join(out, 'config.json'), JSON.stringify(before));
  const resumed = await settle({ kind: fineTuning, given: { out }, resume: true });
  expect(resumed.config).toEqual({ ...before, stratify: false });
  const begun = await settle({
    kind: fineTuning,
    given: { labelled: 5, out: join(out, 'new') },
    resume: false,
  });
  expect(begun.config.stratify).toBe(true);
});
