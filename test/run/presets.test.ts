/** @file Presets: which one a job begins with, and that each is a whole configuration. */
import { describe, expect, it } from 'vitest';
import { openFiles } from '../../src/data/sources/open.ts';
import type { FileSource } from '../../src/data/types.ts';
import { presetOf, presets, resolveConfig } from '../../src/run/config.ts';
import { fineTuning, pretraining } from '../../src/run/job.ts';
import { patient } from '../data/sources/volumes.ts';
import { dsbccSubject } from '../data/studies.ts';

describe('presets', () => {
  it('are whole configurations, with tasks at the defaults of their records', () => {
    for (const [preset, config] of Object.entries(presets)) {
      expect(config.preset).toBe(preset);
      expect(resolveConfig({ preset: config.preset })).toEqual(config);
    }
    const location = { weight: 1, hidden: 128, dropout: 0.5 };
    expect(presets.small.tasks).toMatchObject({ orientation: { weight: 1, gain: 0.1 }, location });
    expect(presets.zhang2024.tasks).toMatchObject({ orientation: { weight: 1, gain: 1 }, location });
  });

  it('have the grid that a folder is prepared on where nobody says one', async () => {
    const gridOf = async (files: readonly FileSource[], given: { readonly size?: number } = {}) => {
      const { size, spacingMm } = (await openFiles(files, given)).data.manifest;
      return { size, spacingMm };
    };
    const hearts = patient('patient001');
    for (const [files, preset] of [
      [dsbccSubject('1'), 'small'],
      [hearts.filter(({ path }) => !path.includes('_gt')), 'small'],
      [hearts, 'finetune'],
    ] as const) {
      expect(presets[preset]).toMatchObject(await gridOf(files));
      expect(resolveConfig({ preset, data: 'x', size: 64 })).toMatchObject(await gridOf(files, { size: 64 }));
    }
    expect(resolveConfig({ size: 64 }).spacingMm).toBe(4);
    expect(resolveConfig({ size: 64 }, presets.small).spacingMm).toBe(8);
  });

  it('follow the job, and what its tasks learn from', () => {
    expect(presetOf(fineTuning, {})).toBe('finetune');
    expect(presetOf(pretraining, {})).toBe('small');
    expect(presetOf(fineTuning, { tasks: ['classification'] })).toBe('classify');
    expect(presetOf(fineTuning, { tasks: { classification: { hidden: 8 }, location: {} } })).toBe('classify');
    expect(presetOf(fineTuning, { tasks: ['classification', 'segmentation'] })).toBe('finetune');
    expect(presetOf(pretraining, { tasks: ['classification'] })).toBe('small');
    expect(presetOf(fineTuning, { tasks: ['classification'], preset: 'acdc' })).toBe('acdc');
  });
});
