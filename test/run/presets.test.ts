/** @file Presets: which one a job begins with, and that each is a whole configuration. */
import { describe, expect, it } from 'vitest';
import { presetOf, presets, resolveConfig } from '../../src/run/config.ts';
import { fineTuning, pretraining } from '../../src/run/job.ts';

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
